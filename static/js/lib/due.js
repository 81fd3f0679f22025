// @ts-check
// The one rule of due cells: a bare date is the end of that day on the reader's clock.

import { day, moment, relative, stamp, t } from "./i18n.js";

const DAY = 86_400_000;
const FINAL = ["DONE", "DROP"];

/** Return the first moment of a local day. */
export function dayStart(/** @type {number} */ at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** Read a due cell: {at: ms of its end, day: ms of its local day}, or null for other text. */
export function readDue(/** @type {any} */ cell) {
  const text = String(cell ?? "").trim();
  const date = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (date) {
    const first = new Date(0, 0, 1);
    first.setFullYear(Number(date[1]), Number(date[2]) - 1, Number(date[3]));
    if (first.getDate() !== Number(date[3])) return null;
    // Not a day's length later: the clocks may change on it.
    return { at: new Date(first).setHours(23, 59, 59, 999), day: first.getTime() };
  }
  const at = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? moment(text)?.getTime() : undefined;
  return at === undefined ? null : { at, day: dayStart(at) };
}

/**
 * Return how a due cell stands now: whole days until it, and whether it has passed. What is final
 * is never late. null: the cell names no time.
 * @param {any} cell
 * @param {string} [status]
 * @param {number} [now] ms
 */
export function dueOf(cell, status = "", now = Date.now()) {
  const due = readDue(cell);
  if (!due) return null;
  const days = Math.round((due.day - dayStart(now)) / DAY);
  return { ...due, days, late: !FINAL.includes(status) && due.at < now };
}

/** Return how many whole days something is late, 0 when it is not. @param {any} cell @param {string} [status] @param {number} [now] ms */
export function daysLate(cell, status = "", now = Date.now()) {
  const due = dueOf(cell, status, now);
  return due?.late ? Math.max(0, -due.days) : 0;
}

/** Say how far off a due date is: late, today, or in how many days. @param {NonNullable<ReturnType<typeof dueOf>>} due */
export function awayWords({ day: at, days, late }) {
  if (late) return days < 0 ? t("{days} d overdue", { days: -days }) : t("Overdue");
  if (days === 0) return t("Today");
  // From noon to noon: an hour more or less, where the clocks change, is no other day.
  const noon = (/** @type {number} */ start) => new Date(start).setHours(12);
  const start = noon(at);
  return relative(new Date(start).toISOString(), start - days * DAY);
}

/** Return a due cell as people write it; other text as it stands. @param {string} cell */
export function dueShown(cell) {
  if (!readDue(cell)) return cell && cell !== "-" ? cell : "—";
  return cell.trim().length > 10 ? stamp(cell.trim()) : day(cell.trim());
}
