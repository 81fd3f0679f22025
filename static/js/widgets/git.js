// @ts-check
// The history of the MOC root: lanes, refs, files, and one commit in full.
import { get } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { number, relative, stamp, t } from "../lib/i18n.js";
import { messageOf, told } from "../lib/reasons.js";
import { keepFresh, say } from "../lib/section.js";
import { openDialog } from "../lib/ui.js";
import { layOut } from "../git/lanes.js";

const PAGE = 30;
const LOOK_SECONDS = 20;
const LANE = 14;
const HEIGHT = 44;
const MIDDLE = HEIGHT / 2;
const SVG = "http://www.w3.org/2000/svg";

/** Show the commits and their branches. @param {HTMLElement} root */
export function mount(root) {
  const more = /** @type {HTMLButtonElement} */ (root.querySelector("#git-more"));
  const list = need(root, "#git-commits");
  let wanted = PAGE;
  const read = () => readPages(wanted);
  const look = keepFresh(root, read, (found) => {
    if (!found.success) throw new Error(found.error);
    fill(need(root, "#git-branches"), ...found.branches.map(chip));
    const places = layOut(found.commits);
    fill(list, ...found.commits.map((commit, at) => row(commit, places[at])));
    more.hidden = found.next_skip === null;
    if (!found.commits.length) throw new Error(t("There are no commits yet."));
  }, { seconds: LOOK_SECONDS });
  more.addEventListener("click", () => {
    wanted += PAGE;
    look();
  });
  list.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button[data-hash]");
    if (button instanceof HTMLElement) open(root, button.dataset.hash);
  });
}

// The route gives at most 200 at a time.
async function readPages(wanted) {
  let found = await get(`/api/git/graph?limit=${Math.min(wanted, 200)}`);
  const commits = [...found.commits];
  while (commits.length < wanted && found.next_skip) {
    found = await get(`/api/git/graph?limit=${Math.min(wanted - commits.length, 200)}&skip=${found.next_skip}`);
    commits.push(...found.commits);
  }
  return { ...found, commits };
}

function chip(branch) {
  const name = branch.type === "remote" ? t("{name} (remote)", { name: branch.name }) : branch.name;
  return h("li", { class: branch.active ? "chip chip-active" : "chip" }, name, branch.active ? h("span", { class: "visually-hidden" }, t("checked out")) : "");
}

function row(commit, place) {
  return h("li", { class: "commit" },
    drawing(place),
    h("div", { class: "commit-text" },
      h("button", { type: "button", class: "link", dataset: { hash: commit.hash } }, commit.message || commit.hash.slice(0, 8)),
      ...commit.refs.map((ref) => h("span", { class: "chip chip-small" }, ref)),
      h("span", { class: "muted" }, `${commit.hash.slice(0, 8)} · ${commit.author} · `,
        h("time", { dateTime: isoOf(commit.date), title: stamp(isoOf(commit.date)) }, relative(isoOf(commit.date))),
        ` · ${size(commit.files)}`),
    ),
  );
}

// "2026-11-22 13:29:06 +0000", as git says it.
function isoOf(date) {
  const match = /^(\S+) (\S+) ([+-]\d\d)(\d\d)$/.exec(date);
  return match ? `${match[1]}T${match[2]}${match[3]}:${match[4]}` : date;
}

function size(files) {
  const lines = files.reduce((sum, file) => sum + file.changes, 0);
  return t("{files} files, {lines} lines", { files: number(files.length), lines: number(lines) });
}

function drawing({ column, enters, passing, targets, width }) {
  const svg = shape("svg", { width: width * LANE + 6, height: HEIGHT, class: "lanes", "aria-hidden": "true" });
  for (const lane of passing) svg.append(stroke(lane, `M ${x(lane)} 0 V ${HEIGHT}`));
  if (enters) svg.append(stroke(column, `M ${x(column)} 0 V ${MIDDLE}`));
  for (const lane of targets) svg.append(stroke(lane, curve(column, lane)));
  svg.append(shape("circle", { cx: x(column), cy: MIDDLE, r: 4, class: `lane-dot lane-${column % 6}` }));
  return svg;
}

const stroke = (lane, d) => shape("path", { d, class: `lane lane-${lane % 6}` });

function curve(from, to) {
  return `M ${x(from)} ${MIDDLE} C ${x(from)} ${HEIGHT} ${x(to)} ${MIDDLE} ${x(to)} ${HEIGHT}`;
}

const x = (column) => column * LANE + 9;

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

async function open(root, hash) {
  const dialog = root.querySelector("#git-commit");
  try {
    const { commit } = await get(`/api/git/commit/${encodeURIComponent(hash)}`);
    root.querySelector("#git-commit-heading").textContent = commit.message;
    fill(root.querySelector("#git-commit-body"), ...inFull(commit));
    openDialog(dialog);
  } catch (error) {
    say(root, told(messageOf(error)));
  }
}

function inFull(commit) {
  return [
    h("dl", { class: "facts" },
      h("dt", {}, t("Hash")), h("dd", {}, h("code", {}, commit.hash)),
      h("dt", {}, t("Author")), h("dd", {}, `${commit.author} <${commit.email}>`),
      h("dt", {}, t("Date")), h("dd", {}, stamp(isoOf(commit.date))),
      h("dt", {}, t("Parents")), h("dd", {}, commit.parents.map((one) => one.slice(0, 8)).join(", ") || "—")),
    h("pre", { class: "commit-message" }, commit.body),
    h("div", { class: "table-scroll" }, h("table", { class: "rows" },
      h("caption", { class: "visually-hidden" }, t("Changed files")),
      h("thead", {}, h("tr", {}, ...[t("File"), t("Change"), t("Lines")].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...commit.files.map(fileRow)))),
  ];
}

function fileRow(file) {
  const words = { added: t("added"), modified: t("modified"), deleted: t("deleted"), renamed: t("renamed") };
  const name = file.old_name ? `${file.old_name} → ${file.name}` : file.name;
  return h("tr", {},
    h("th", { scope: "row" }, h("code", {}, name)),
    h("td", {}, words[file.status] || file.status),
    h("td", { class: "num" }, file.binary ? t("binary") : number(file.changes)));
}
