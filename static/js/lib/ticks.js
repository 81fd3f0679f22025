// @ts-check
// Round times for a chart's axis, on the reader's clock.

import { lang } from "./i18n.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((count) => count * DAY),
];

/** Return the shortest step that needs at most so many ticks. @param {number} span ms @param {number} most */
export const stepFor = (span, most) =>
  STEPS.find((step) => span / step <= most) ?? /** @type {number} */ (STEPS.at(-1));

/**
 * Return the round moments from one to another: full seconds, minutes or hours counted from the
 * reader's midnight, or midnights.
 * @param {number} from ms
 * @param {number} to ms
 * @param {number} step ms
 */
export function timeTicks(from, to, step) {
  const found = [];
  const date = new Date(from);
  for (let day = midnight(date, 0); day <= to; day = midnight(new Date(day), Math.max(1, step / DAY))) {
    const next = midnight(new Date(day), 1);
    for (let at = day; at < next && at <= to; at += Math.min(step, DAY)) {
      if (at >= from) found.push(at);
      if (step >= DAY) break;
    }
  }
  return found;
}

/** @param {Date} date @param {number} days */
const midnight = (date, days) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();

/** Return how a tick is written: the day at midnight, else the time. @param {number} step ms @returns {(at: number) => string} */
export function tickFormat(step) {
  const day = new Intl.DateTimeFormat(lang, { month: "numeric", day: "numeric" });
  const seconds = step < MINUTE ? /** @type {const} */ ({ second: "2-digit" }) : {};
  const time = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...seconds });
  return (at) => (step >= DAY || midnight(new Date(at), 0) === at ? day.format(at) : time.format(at));
}

/** Return the limits of an axis: those that are wanted, else what there is, never a single moment. @param {number[]} times @param {number} [from] @param {number} [to] @returns {{from: number, to: number} | null} */
export function limitsOf(times, from, to) {
  const low = from ?? (times.length ? Math.min(...times) : undefined);
  const high = to ?? (times.length ? Math.max(...times) : undefined);
  if (low === undefined || high === undefined) return null;
  return high - low >= MINUTE ? { from: low, to: high } : { from: high - MINUTE, to: high };
}
