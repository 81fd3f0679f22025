// @ts-check
// Milestones: progress is computed from the states of their tasks (contract 4.1).
import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { awayWords, dueOf, dueShown } from "../lib/due.js";
import { percent, t } from "../lib/i18n.js";
import { store } from "../lib/store.js";

const SOON_DAYS = 7;

/** Show the milestones and keep them true. @param {HTMLElement} root */
export async function mount(root) {
  const show = () => draw(root);
  await store.ready;
  store.subscribe(["tasks", "milestones"], show);
  show();
}

/** @param {HTMLElement} root */
function draw(root) {
  const list = /** @type {HTMLElement} */ (root.querySelector("#milestone-container"));
  const empty = /** @type {HTMLElement} */ (root.querySelector(".empty"));
  const rows = store.milestones();
  empty.hidden = rows.length > 0;
  empty.textContent = (store.ledger("milestone").lost ? empty.dataset.lost : empty.dataset.none) || "";
  fill(list, rows.map(card));
}

/** @param {any} milestone */
function card(milestone) {
  const tasks = milestone.task_ids.map((/** @type {string} */ id) => store.task(id)).filter(Boolean);
  const done = tasks.filter((/** @type {any} */ task) => task.status === "DONE").length;
  const progress = tasks.length ? done / tasks.length : null;
  const name = `milestone-${milestone.ms_id}`;
  return h("li", null,
    h("header", null, h("h3", { id: name }, `${milestone.ms_id} ${milestone.name}`),
      h("span", { class: "badge" }, phase(milestone, progress)), riskBadge(milestone, progress)),
    h("div", { class: "progress-line" },
      h("progress", { max: 1, value: progress ?? 0, "aria-labelledby": name }),
      h("span", { class: "num" }, progress === null ? "—" : `${percent(progress)}`),
      h("span", { class: "muted num" }, `${done} / ${tasks.length}`)),
    h("p", { class: "muted facts-line" }, factsOf(milestone).map((text) => h("span", null, text))),
    milestone.description && milestone.description !== "-" ? h("p", null, milestone.description) : null,
    h("ul", { class: "chips" }, milestone.task_ids.map(chip)));
}

/** @param {any} milestone */
function dueWords(milestone) {
  const due = dueOf(milestone.due, milestone.status);
  return due ? `${dueShown(milestone.due)} (${awayWords(due)})` : t("no due date");
}

/** @param {any} milestone */
const factsOf = (milestone) => [
  milestone.owner,
  dueWords(milestone),
  milestone.kpi && milestone.kpi !== "-" ? `KPI: ${milestone.kpi}` : "",
].filter(Boolean);

/** @param {any} milestone @param {number | null} progress */
function phase(milestone, progress) {
  if (progress === null) return t("No known tasks");
  if (progress === 1) return t("Complete");
  if (progress >= 0.7) return t("On track");
  if (dueOf(milestone.due, milestone.status)?.late) return t("Late");
  const isBegun = progress > 0 || !["PLAN", "READY", "", "-"].includes(milestone.status);
  return isBegun ? t("In progress") : t("Not started");
}

/** @param {any} milestone @param {number | null} progress */
function riskBadge(milestone, progress) {
  if (progress === 1) return null;
  const due = dueOf(milestone.due, milestone.status);
  if (!due) return h("span", { class: "badge" }, t("Risk unknown"));
  if (due.late) return h("span", { class: "badge status-fix" }, t("High risk"));
  return due.days <= SOON_DAYS
    ? h("span", { class: "badge status-review" }, t("Medium risk"))
    : h("span", { class: "badge status-done" }, t("Low risk"));
}

/** @param {string} id */
function chip(id) {
  const task = store.task(id);
  const colour = task ? `status-${task.status.toLowerCase()}` : "";
  const text = task ? `${id} ${task.status}` : t("{id} (not in the ledger)", { id });
  return h("li", null, task ? h("a", { href: taskUrl(id), class: `badge ${colour}`, title: task.title },
    text) : h("span", { class: "badge" }, text));
}
