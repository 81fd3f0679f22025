// @ts-check
// What a task's cells say to a reader: priority, due, lock. Read once for each revision.

import { dueOf } from "../lib/due.js";

/** @typedef {{id: string, title: string, status: string, owner: string, lock: string,
 *   lock_owner: string, lock_expires_at: string, due: string, artifact: string, notes: string,
 *   rev: string}} Task */
/** @typedef {{task: Task, key: string, status: string, owner: string, rank: number,
 *   priority: string, due: number, days: number | null, late: boolean,
 *   moving: boolean}} Entry */

export const PRIORITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];
export const FINAL = ["DONE", "DROP"];
export const TURN = 600_000;
// The dispatcher's reading of the notes (dispatcher/notes.py); full-width marks count too.
const PRIORITY = /(?<![0-9A-Za-z_])priority\s*=\s*(CRITICAL|HIGH|MEDIUM|LOW)(?![0-9A-Za-z_])/i;

/** Tell whether a cell says nothing. */
export const blank = (/** @type {string | undefined} */ cell) =>
  !cell || cell === "-" || cell === "None";

// A title of a megabyte is no title: what two lines cannot show stays out of the page.
const LONGEST = 300;

/** Cut text that is far longer than any place for it. */
export const short = (/** @type {string} */ text) =>
  text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;

/** Return the priority that notes name, or "". */
export function priorityOf(/** @type {string} */ notes) {
  return PRIORITY.exec(notes.replaceAll("＝", "="))?.[1].toUpperCase() ?? "";
}

/** Fold text for searching: NFKC and lower case, so that ＡＢ, ab and ｱｲ, アイ are alike. */
export const fold = (/** @type {string} */ text) => text.normalize("NFKC").toLowerCase();

/** @type {WeakMap<Task, string>} */
const folded = new WeakMap();

/** Return the text of a task in which a search looks. */
export function searchText(/** @type {Task} */ task) {
  let text = folded.get(task);
  if (text === undefined) {
    text = fold([task.id, task.title, task.notes, task.owner, task.artifact].join("\n"));
    folded.set(task, text);
  }
  return text;
}

/** Return when a lock began, in ms, from `<owner>@<UTC>`; NaN when it does not say. */
export function lockedAt(/** @type {Task} */ task) {
  return Date.parse(task.lock.slice(task.lock.lastIndexOf("@") + 1));
}

/** Say who locks a task and until when (ms, NaN when unknown), or null when nobody does. */
export function lockOf(/** @type {Task} */ task) {
  if (blank(task.lock)) return null;
  const named = blank(task.lock_owner) ? task.lock.split("@")[0] : task.lock_owner;
  return { owner: named, until: Date.parse(task.lock_expires_at) };
}

let turned = 0;

/**
 * Return what is known of a task now. Bare dates end with their local day; final tasks are
 * never late.
 * @param {Task} task
 * @param {string} key
 * @returns {Entry}
 */
export function entryOf(task, key) {
  const due = dueOf(task.due, task.status);
  const priority = priorityOf(task.notes);
  const rank = PRIORITIES.indexOf(priority || "MEDIUM");
  const { status, owner } = task;
  const { at = Infinity, days = null, late = false } = due ?? {};
  return { task, key, status, owner, rank, priority, due: at, days, late, moving: false };
}

/** Tell whether ten minutes have passed since the last time: what is late may be other tasks. */
export function turnClock(now = Date.now()) {
  const turn = Math.floor(now / TURN);
  if (turn === turned) return false;
  turned = turn;
  return true;
}

/**
 * Name how near the due date is, as the legacy's planned tab did (contract 4.1): overdue or
 * today, within 3, 7 and 14 days, later or without a date.
 * @param {Entry} entry
 */
export function urgencyOf(entry) {
  if (entry.days === null) return "normal";
  if (entry.days <= 0) return "urgent";
  if (entry.days <= 3) return "high";
  if (entry.days <= 7) return "medium";
  return entry.days <= 14 ? "low" : "normal";
}
