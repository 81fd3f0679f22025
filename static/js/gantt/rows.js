// @ts-check
// What each row of the timeline shows: from when to when, and what of it is past its due date.
import { daysLate, readDue } from "../lib/due.js";
import { moment } from "../lib/i18n.js";
import { midnight } from "./scale.js";

const FINISHED = new Set(["DONE", "DROP"]);

/**
 * @typedef {{from: Date, to: Date, kind: "worked" | "planned" | "over"}} Bar both days included
 * @typedef {{key: string, id: string, title: string, status: string, due: Date | null,
 *   start: Date | null, end: Date | null, late: number, bars: Bar[], milestone: boolean}} Row
 */

/** Tell whether a task is at its end. @param {any} task */
export const isFinished = (task) => FINISHED.has(task.status);

/**
 * Return a task's row; `span` is what the journal knows of it.
 * @param {any} task
 * @param {{created: string | null, started: string | null, finished: string | null} | undefined} span
 * @param {Date} today
 * @returns {Row}
 */
export function taskRow(task, span, today) {
  const due = dueDay(task.due);
  const start = midnight(moment(span?.started)) || null;
  const created = midnight(moment(span?.created));
  const end = isFinished(task) ? midnight(moment(span?.finished)) : null;
  const late = daysLate(task.due, task.status);
  const bars = makeBars({ start, created, due, end, late, today, finished: isFinished(task) });
  return { key: `task ${task.id}`, id: task.id, title: task.title, status: task.status, due, start: start || created, end, late, bars, milestone: false };
}

/** @returns {Bar[]} */
function makeBars({ start, created, due, end, late, today, finished }) {
  /** @type {Bar[]} */
  const bars = [];
  const begin = start || created;
  const until = end || (finished ? due : today);
  if (start && until && until >= start) bars.push({ from: start, to: until, kind: "worked" });
  const plannedFrom = start ? later(start, until) : begin;
  if (!finished && plannedFrom && due && due >= plannedFrom) bars.push({ from: plannedFrom, to: due, kind: "planned" });
  if (late && due) bars.push({ from: due, to: today, kind: "over" });
  return bars;
}

const later = (one, other) => (other && other > one ? other : one);

/** @param {any} cell @returns {Date | null} */
function dueDay(cell) {
  const due = readDue(cell);
  return due && new Date(due.day);
}

/** Return a milestone's row. @param {any} milestone @returns {Row} */
export function milestoneRow(milestone) {
  const due = dueDay(milestone.due);
  return {
    key: `milestone ${milestone.ms_id}`, id: milestone.ms_id, title: milestone.name, status: milestone.status,
    due, start: null, end: null, late: 0, bars: [], milestone: true,
  };
}
