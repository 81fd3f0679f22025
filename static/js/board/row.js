// @ts-check
// A row of the task table: ID, title, status, owner, due, lock, actions.

import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { verbLabel, verbsOf } from "../lib/edit.js";
import { t } from "../lib/i18n.js";
import { standstill } from "../lib/role.js";
import { badge } from "../lib/ui.js";
import { blank, lockedAt, short, urgencyOf } from "./facts.js";
import { artifactMark, dueMark, icon, lockMark, priorityMark } from "./marks.js";

/** @typedef {import("./facts.js").Entry} Entry */

// The step that a row offers as a button of its own; the others are in its menu.
const FORWARD = ["promote", "approve_done"];

/** Say how near the due date is, in the legacy's words. */
function urgencyMark(/** @type {Entry} */ entry) {
  const name = urgencyOf(entry);
  const words = { urgent: t("urgent"), high: t("high"), medium: t("medium"), low: t("low"),
    normal: t("normal") };
  return h("span", { class: `urgency urgency-${name}`, title: t("By due date") }, words[name]);
}

/** Show how much of the time between the lock and the due date is gone; no bar without both. */
function progressMark(/** @type {Entry} */ entry) {
  const begun = lockedAt(entry.task);
  if (Number.isNaN(begun) || !Number.isFinite(entry.due) || entry.due <= begun) return null;
  const value = Math.max(0, Math.min(1, (Date.now() - begun) / (entry.due - begun)));
  const label = t("{percent} % of the time until the due date has passed",
    { percent: Math.round(value * 100) });
  return h("progress", { class: "due-progress", max: 1, value, title: label, "aria-label": label });
}

/** @type {Record<string, (entry: Entry) => HTMLElement | null>} */
const EXTRA = { planned: urgencyMark, "in-progress": progressMark };

function cells(/** @type {Entry} */ entry, /** @type {string} */ tab) {
  const { task } = entry;
  const id = short(task.id);
  const title = blank(task.title) ? t("(no title)") : short(task.title);
  const extra = tab === "all" && entry.status === "DOING" ? progressMark : EXTRA[tab];
  const why = standstill();
  const forward = verbsOf(task.status).find((verb) => FORWARD.includes(verb));
  return [
    h("th", { scope: "row", class: "cell-id" }, h("bdi", { title: id }, id || "—")),
    h("td", { class: "cell-title" }, h("div", { class: "cell-line" },
      h("a", { href: taskUrl(task.id), title, dir: "auto" }, title),
      priorityMark(entry), artifactMark(entry))),
    h("td", { class: "cell-status" }, badge(short(entry.status))),
    h("td", { class: "cell-owner" }, h("bdi", { title: short(entry.owner) },
      short(entry.owner) || "—")),
    h("td", { class: "cell-due" }, h("div", { class: "cell-line" },
      dueMark(entry) ?? h("span", { class: "muted" }, "—"), extra?.(entry))),
    h("td", { class: "cell-lock" },
      lockMark(entry) ?? h("span", { class: "muted" }, t("free"))),
    h("td", { class: "cell-actions" }, h("div", { class: "cell-line" },
      forward && h("button", { type: "button", class: "btn btn-small", dataset: { verb: forward },
        "aria-label": `${id}: ${verbLabel(forward)}`, "aria-disabled": why ? "true" : null,
        title: why, disabled: entry.moving }, verbLabel(forward)),
      h("button", { type: "button", class: "btn btn-quiet btn-small row-menu",
        "aria-haspopup": "menu", "aria-label": t("Actions for {id}", { id }) }, icon("more")))),
  ];
}

function dress(/** @type {HTMLElement} */ row, /** @type {Entry} */ entry) {
  row.dataset.key = entry.key;
  row.dataset.taskId = entry.task.id;
  row.dataset.rev = entry.task.rev;
  row.classList.toggle("is-moving", entry.moving);
}

/** Make a row for one of the tabs. */
export function renderRow(/** @type {Entry} */ entry, /** @type {string} */ tab) {
  const row = h("tr", null, ...cells(entry, tab));
  dress(row, entry);
  return row;
}

/** Show another revision in a row; the focus stays on the same control. */
export function updateRow(row, /** @type {Entry} */ entry, /** @type {string} */ tab) {
  const controls = () => [...row.querySelectorAll("a, button")];
  const at = controls().indexOf(document.activeElement);
  fill(row, ...cells(entry, tab));
  dress(row, entry);
  if (at >= 0) (controls()[at] ?? controls().at(-1))?.focus({ preventScroll: true });
}
