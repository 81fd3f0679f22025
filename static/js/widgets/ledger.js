// @ts-check
// The ledger files themselves: their state, what is wrong with them and where, and their text.
import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { number, problemText, relative, stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { query } from "../lib/query.js";
import { explain, say } from "../lib/section.js";
import { nameCode, nameSeverity } from "../ledger/glossary.js";
import { showRaw } from "../ledger/raw.js";
import { saveText } from "../task/log.js";

const NAMES = ["tasks", "approvals", "milestones"];
const SEVERITIES = ["damage", "row", "warning", "note"];
const SETTLE_MS = 200;
const DAMAGED_MS = 4_000;

/** Show the three ledgers, one of them in full. */
export function mount(root) {
  const files = new Map();
  const staleSince = new Map();
  let shownText = "";
  let goTo = (_line) => {};
  let waiting = 0;

  for (const tab of tabs(root)) {
    tab.addEventListener("click", () => choose(tab.dataset.ledger));
    tab.addEventListener("keydown", (event) => turn(root, tab, event));
  }
  root.querySelector("[data-download]").addEventListener("click", () => {
    const file = files.get(current());
    if (file) saveText([file.text], file.file);
  });
  live.on("ledger_changed", (event) => {
    const name = NAMES.find((one) =>
      String(event.file || event.id)
        .toLowerCase()
        .startsWith(one),
    );
    if (name && event.stale && !staleSince.has(name)) staleSince.set(name, event.ts);
    if (name && !event.stale) staleSince.delete(name);
    soon(event);
  });
  for (const name of ["task_updated", "approval_updated", "milestone_updated", "reset"])
    live.on(name, soon);
  document.addEventListener("orch:refresh", soon);
  query.onChange(draw);
  read();

  function soon(_event, wait = SETTLE_MS) {
    clearTimeout(waiting);
    waiting = setTimeout(read, wait);
  }

  async function read() {
    try {
      const found = await Promise.all(NAMES.map((name) => get(`/api/ledger/${name}`)));
      NAMES.forEach((name, place) => files.set(name, found[place]));
      say(root, "");
      draw();
      // Damage that ends at once is told by no event (docs/realtime.md).
      if (found.some((file) => file.damaged || file.stale)) soon(null, DAMAGED_MS);
    } catch (error) {
      say(root, explain(error));
    }
  }

  function choose(name) {
    query.set({ file: name === NAMES[0] ? null : name, line: null });
    tabs(root)
      .find((one) => one.dataset.ledger === name)
      ?.focus();
  }

  function draw() {
    const name = current();
    if (!files.size) return;
    for (const tab of tabs(root))
      drawTab(tab, files.get(tab.dataset.ledger), tab.dataset.ledger === name);
    const file = files.get(name);
    const panel = root.querySelector("#ledger-panel");
    panel.setAttribute("aria-labelledby", `ledger-tab-${name}`);
    drawDamage(root, file, staleSince.get(name));
    drawProblems(root, file, (line) => (query.set({ line: String(line) }), goTo(line)));
    drawText(file, name);
  }

  function drawText(file, name) {
    const now = `${name} ${file.digest} ${JSON.stringify(file.problems.map((one) => [one.line, one.code]))}`;
    if (now === shownText) return;
    shownText = now;
    const box = root.querySelector("[data-raw]");
    const size = new TextEncoder().encode(file.text || "").length;
    root.querySelector("[data-size]").textContent = file.digest
      ? t("{bytes} bytes, sha256 {digest}", {
          bytes: number(size),
          digest: file.digest.slice(0, 12),
        })
      : "";
    root.querySelector("[data-download]").disabled = !file.text;
    if (!file.text) {
      fill(
        box,
        h(
          "p",
          { class: "muted" },
          file.missing ? t("There is no such file in STATE.") : t("The file is empty."),
        ),
      );
      return;
    }
    goTo = showRaw(box, file.text, byLine(file.problems));
    const line = Number(query.get("line"));
    if (line > 0) goTo(line);
  }
}

function current() {
  const name = query.get("file") || "";
  return NAMES.includes(name) ? name : NAMES[0];
}

function tabs(root) {
  return [...root.querySelectorAll("[data-ledger]")];
}

function turn(root, tab, event) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const all = tabs(root);
  all[(all.indexOf(tab) + by + all.length) % all.length].click();
}

function drawTab(tab, file, chosen) {
  tab.setAttribute("aria-selected", String(chosen));
  tab.tabIndex = chosen ? 0 : -1;
  const [kind, text] = stateOf(file);
  fill(
    tab.querySelector(".ledger-state"),
    h(
      "span",
      { class: `ledger-sign is-${kind}`, "aria-hidden": "true" },
      { sound: "✓", warnings: "!", damaged: "✕", missing: "?" }[kind],
    ),
    text,
  );
  tab.dataset.condition = kind;
}

function stateOf({ damaged, stale, missing, problems }) {
  if (missing && !stale) return ["missing", t("missing")];
  if (damaged || stale) return ["damaged", t("damaged")];
  const count = problems.filter((one) => one.severity !== "note").length;
  return count
    ? ["warnings", t("{count} problems", { count: number(count) })]
    : ["sound", t("sound")];
}

function drawDamage(root, file, since) {
  const box = root.querySelector("[data-damage]");
  const harm = file.problems.filter((one) => one.severity === "damage");
  box.hidden = !(file.damaged || file.stale);
  if (box.hidden) return fill(box);
  const what = harm.length
    ? harm
        .map((one) => t("line {line}: {text}", { line: one.line, text: problemText(one) }))
        .join("; ")
    : t("the file cannot be read as a ledger");
  const rows = file.stale
    ? t("Readers get the last good rows.")
    : t("It was never readable, so there are no rows.");
  const when = since
    ? t("Since {time} ({ago}).", { time: stamp(since), ago: relative(since) })
    : "";
  return fill(
    box,
    h(
      "strong",
      {},
      t("Nothing can be written to {file} while it is damaged.", { file: file.file }),
    ),
    h("p", {}, what),
    h("p", {}, rows, " ", when),
    h("p", { class: "muted" }, t("Mend the file in an editor; this page notices by itself.")),
  );
}

function drawProblems(root, file, go) {
  const sorted = [...groupBy(file.problems, (one) => one.code).values()].sort(
    (a, b) => SEVERITIES.indexOf(a[0].severity) - SEVERITIES.indexOf(b[0].severity),
  );
  root.querySelector("[data-counts]").textContent = file.problems.length
    ? t("{count} in all", { count: number(file.problems.length) })
    : "";
  const none = h("p", { class: "muted" }, t("None. Every line is understood."));
  fill(
    root.querySelector("[data-problems]"),
    ...(sorted.length ? sorted.map((group) => groupOf(group, go)) : [none]),
  );
}

const MOST_SHOWN = 100;

function groupOf(group, go) {
  const [{ code, severity }] = group;
  const [name, advice] = nameCode(code);
  const rest = group.length - MOST_SHOWN;
  return h(
    "div",
    { class: `problem-group is-${severity}`, dataset: { code } },
    h("h3", {}, name, " ", h("span", { class: "muted" }, nameSeverity(severity))),
    advice ? h("p", { class: "muted" }, advice) : null,
    h(
      "ul",
      { class: "problem-list" },
      ...group.slice(0, MOST_SHOWN).map((one) => problemItem(one, go)),
    ),
    rest > 0 ? h("p", { class: "muted" }, t("{count} more", { count: number(rest) })) : null,
  );
}

function problemItem(problem, go) {
  const link = h(
    "button",
    { type: "button", class: "link", onclick: () => go(problem.line) },
    t("line {line}", { line: problem.line }),
  );
  return h(
    "li",
    {},
    link,
    problem.record_id ? h("span", { class: "mono" }, problem.record_id) : null,
    h("span", {}, problemText(problem)),
  );
}

function byLine(problems) {
  const sorted = [...problems].sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  );
  return groupBy(sorted, (one) => one.line);
}

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
