// @ts-check
// Texts, dates and numbers in the page's language; the English text is its own key.

import { lang, utcOffset } from "./page.js";

export { lang } from "./page.js";

/** @type {Record<string, string>} */
const messages = lang === "ja" ? (await import("../messages.ja.js")).default : {};
const UNKNOWN = "—";
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 365 * 86400],
  ["month", 30 * 86400],
  ["week", 7 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const relativeFormat = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
const numberFormat = new Intl.NumberFormat(lang);

/**
 * Return a text in the page's language with its `{names}` filled in.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values) {
  const found = messages[text] || text;
  return values ? found.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all)) : found;
}

/** Return a ledger problem in the page's language. @param {any} problem */
export function problemText(problem) {
  const found = messages[`problem\u0004${problem.code}`];
  if (!found) return problem.message;
  return found.replace("{id}", () => problem.record_id || "?")
    .replace("{message}", () => problem.message);
}

/** Return a number with the language's separators, "—" for none. @param {any} value */
export const number = (value) =>
  value === null || value === undefined || value === "" || Number.isNaN(Number(value))
    ? UNKNOWN
    : numberFormat.format(Number(value));

/** Return a share of 0..1 as "42 %". @param {number | null | undefined} value */
export const percent = (value) =>
  value === null || value === undefined
    ? UNKNOWN
    : new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 1 }).format(value);

// The legacy's stamps name no offset: they are on the server's clock (contract 0.2).
const BARE_STAMP = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** Return the moment that an ISO text names, or null. @param {any} iso @returns {Date | null} */
export function moment(iso) {
  return parse(BARE_STAMP.test(iso) ? `${iso.replace(" ", "T")}${utcOffset}` : iso);
}

/** @param {any} iso without an offset: on the reader's clock @returns {Date | null} */
function parse(iso) {
  if (typeof iso !== "string" || !/^\d{4}-\d\d-\d\d/.test(iso)) return null;
  // A bare day is a day of the reader, not midnight in UTC.
  const date = new Date(/^\d{4}-\d\d-\d\d$/.test(iso) ? `${iso}T00:00:00` : iso);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** Return "3 minutes ago" or "in 2 days". @param {any} iso @param {number} [now] ms */
export function relative(iso, now = Date.now()) {
  const date = moment(iso);
  if (!date) return plain(iso);
  const seconds = Math.round((date.getTime() - now) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relativeFormat.format(Math.trunc(seconds / size), unit);
  }
  return relativeFormat.format(seconds, "second");
}

/** Return a day as people write it; the year when it is not this one. @param {any} iso @param {Date} [now] */
export function day(iso, now = new Date()) {
  const date = parse(iso);
  if (!date) return plain(iso);
  /** @type {Intl.DateTimeFormatOptions} */
  const style = { month: "short", day: "numeric" };
  if (date.getFullYear() !== now.getFullYear()) style.year = "numeric";
  return new Intl.DateTimeFormat(lang, style).format(date);
}

/** Return a moment with day and time of the reader's zone. @param {any} iso */
export function stamp(iso) {
  const date = moment(iso);
  if (!date) return plain(iso);
  return new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Return how long something takes: "1 h 20 min". @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86400);
  const hours = Math.floor((whole % 86400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (days) return t("{days} d {hours} h", { days, hours });
  if (hours) return t("{hours} h {minutes} min", { hours, minutes });
  return minutes ? t("{minutes} min", { minutes }) : t("{seconds} s", { seconds: whole });
}

/** @param {any} value */
function plain(value) {
  return value === null || value === undefined || value === "" || value === "-"
    ? UNKNOWN
    : String(value);
}
