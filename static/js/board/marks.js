// @ts-check
// What board and table say alike about a task: due, priority, lock, artifact.

import { h, svg } from "../lib/dom.js";
import { dueShown } from "../lib/due.js";
import { t } from "../lib/i18n.js";
import { FINAL, blank, lockOf, short } from "./facts.js";
import { watchLease } from "./lease.js";

/** @typedef {import("./facts.js").Entry} Entry */

// Drawn on 16 by 16, stroked: a clock, a warning, a lock, a paper clip.
const PATHS = {
  due: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2 1.3",
  late: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.4v.2",
  lock: "M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  artifact: "m13 7.5-5 5a3 3 0 0 1-4.3-4.3l5.3-5.2a2 2 0 0 1 2.9 2.9L6.7 11a1 1 0 0 1-1.5-1.4L10 5",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
};

/** Draw an icon that says nothing by itself. */
export const icon = (/** @type {keyof typeof PATHS} */ name) =>
  svg("svg", { viewBox: "0 0 16 16", class: `mark-icon mark-icon-${name}`, "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }));

/** Say when a task is due, in few words. */
function dueWords(/** @type {Entry} */ { task, late, days, status }) {
  // Text that is no date is shown as it stands.
  if (days === null) return short(task.due);
  if (late) return days < 0 ? t("{days} d overdue", { days: -days }) : t("Overdue");
  if (days === 0 && !FINAL.includes(status)) return t("Today");
  return days === 1 && !FINAL.includes(status) ? t("Tomorrow") : short(dueShown(task.due));
}

/** Say when a task is due; overdue in words and with another icon. */
export function dueMark(/** @type {Entry} */ entry) {
  const { task, late } = entry;
  if (blank(task.due)) return null;
  const title = t("Due {day}", { day: short(task.due) });
  return h("span", { class: late ? "mark mark-late" : "mark", title }, icon(late ? "late" : "due"),
    h("bdi", { class: "mark-text" }, dueWords(entry)));
}

/** @type {Record<string, string>} */
const SHORT = { CRITICAL: "CRIT", MEDIUM: "MED" };

/** Name a task's priority, when its notes do. */
export function priorityMark(/** @type {Entry} */ entry) {
  if (!entry.priority) return null;
  const label = t("Priority {name}", { name: entry.priority });
  return h("span", { class: `priority priority-${entry.priority.toLowerCase()}`, title: label },
    SHORT[entry.priority] ?? entry.priority);
}

/** Say who holds a task and how long still; a live countdown. */
export function lockMark(/** @type {Entry} */ entry) {
  const lock = lockOf(entry.task);
  if (!lock) return null;
  const left = h("span", { class: "mark-left" });
  const mark = h("span", { class: "mark mark-lock", title: short(entry.task.lock) }, icon("lock"),
    h("bdi", { class: "mark-text mark-holder" }, short(lock.owner)), left);
  watchLease(left, mark, lock.until);
  return mark;
}

/** Show that there is an artifact; its path is the title. */
export function artifactMark(/** @type {Entry} */ entry) {
  const { artifact } = entry.task;
  if (blank(artifact)) return null;
  const title = t("Artifact: {path}", { path: short(artifact) });
  return h("span", { class: "mark mark-artifact", title }, icon("artifact"),
    h("span", { class: "visually-hidden" }, title));
}
