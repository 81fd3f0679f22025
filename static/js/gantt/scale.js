// @ts-check
// From days to pixels: what the timeline spans, and how its head is divided.
import { lang } from "../lib/i18n.js";

export const DAY_MS = 86400000;
// A due date in the year 9999 must not stretch the page.
const MOST_DAYS = 3 * 366;
const BEFORE = 7;
const AFTER = 21;

/** @typedef {"day" | "week" | "month"} Unit */
/** Pixels a day is wide. @type {Record<Unit, number>} */
const WIDTH = { day: 32, week: 12, month: 4 };

/** Return the reader's midnight of a moment, or null. @param {Date | null} date */
export function midnight(date) {
  return date && new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** Return whole days from one midnight to another, whatever summer time does. @param {Date} from @param {Date} to */
export const daysBetween = (from, to) => Math.round((to.getTime() - from.getTime()) / DAY_MS);

/** Return the day so many days later. @param {Date} date @param {number} days */
const later = (date, days) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);

/**
 * Return a scale that holds these days and today.
 * @param {(Date | null)[]} days
 * @param {Date} today
 * @param {Unit} unit
 * @param {number} [least] pixels that it fills at least
 */
export function makeScale(days, today, unit, least = 0) {
  const known = /** @type {Date[]} */ ([today, ...days].filter(Boolean)).map((date) => date.getTime());
  const first = Math.max(Math.min(...known), later(today, -MOST_DAYS).getTime());
  const last = Math.min(Math.max(...known), later(today, MOST_DAYS).getTime());
  const from = startOf(later(new Date(first), -BEFORE), unit);
  const width = WIDTH[unit];
  const count = Math.max(daysBetween(from, later(new Date(last), AFTER)), Math.ceil(least / width));
  return {
    unit,
    from,
    days: count,
    width: count * width,
    dayWidth: width,
    /** Pixels from the left edge to the beginning of a day. @param {Date} date */
    x: (date) => Math.min(Math.max(daysBetween(from, date), 0), count) * width,
  };
}

/**
 * Return where the timeline opens: with all of it in sight where it fits, else around today, and
 * at what is nearest where nothing is around today.
 * @param {number[]} places of the data, px
 * @param {number} today px
 * @param {number} room px
 */
export function openAt(places, today, room) {
  const [low, high] = [Math.min(today, ...places), Math.max(today, ...places)];
  if (places.length && high - low <= room) return Math.max(0, low - (room - (high - low)) / 2);
  const isNear = places.some((place) => Math.abs(place - today) < room / 2);
  const nearest = places.reduce((best, place) => (Math.abs(place - today) < Math.abs(best - today) ? place : best), places[0] ?? today);
  return Math.max(0, (isNear ? today : nearest) - room / 2);
}

/**
 * Count what lies left and right of what is seen.
 * @param {{from: number, to: number}[]} spans px
 * @param {number} left px
 * @param {number} room px
 */
export const outside = (spans, left, room) => ({
  earlier: spans.filter(({ to }) => to < left).length,
  later: spans.filter(({ from }) => from > left + room).length,
});

/** Return the finest unit whose days all fit. @param {(Date | null)[]} days @param {Date} today @param {number} room px @returns {Unit} */
export function fittingUnit(days, today, room) {
  const units = /** @type {Unit[]} */ (["week", "month"]);
  const known = /** @type {Date[]} */ ([today, ...days].filter(Boolean)).map((date) => date.getTime());
  const span = (Math.max(...known) - Math.min(...known)) / DAY_MS + 1;
  return units.find((unit) => span * WIDTH[unit] <= room) ?? "week";
}

/** @param {Date} date @param {Unit} unit */
function startOf(date, unit) {
  if (unit === "day") return date;
  if (unit === "week") return later(date, -((date.getDay() + 6) % 7));
  return new Date(date.getFullYear(), date.getMonth(), 1);
}

/**
 * Return the head's two rows of cells: {left, width, text, weekend}.
 * @param {ReturnType<typeof makeScale>} scale
 */
export function headCells(scale) {
  const months = cut(scale, (date) => date.getDate() === 1 && (scale.unit !== "month" || date.getMonth() === 0));
  const top = scale.unit === "month" ? { year: "numeric" } : { year: "numeric", month: "short" };
  return { top: label(months, top), bottom: label(cut(scale, begins(scale.unit)), bottomStyle(scale.unit)) };
}

/** @param {Unit} unit @returns {(date: Date) => boolean} */
function begins(unit) {
  if (unit === "day") return () => true;
  if (unit === "week") return (date) => date.getDay() === 1;
  return (date) => date.getDate() === 1;
}

/** @param {Unit} unit */
function bottomStyle(unit) {
  if (unit === "month") return { month: "short" };
  return unit === "week" ? { month: "numeric", day: "numeric" } : { day: "numeric" };
}

/** @param {ReturnType<typeof makeScale>} scale @param {(date: Date) => boolean} isStart */
function cut(scale, isStart) {
  const cells = [];
  for (let day = 0; day < scale.days; day += 1) {
    const date = later(scale.from, day);
    if (day === 0 || isStart(date)) cells.push({ date, left: day * scale.dayWidth, width: 0 });
    cells[cells.length - 1].width += scale.dayWidth;
  }
  return cells;
}

/** @param {{date: Date, left: number, width: number}[]} cells @param {any} style */
function label(cells, style) {
  const format = new Intl.DateTimeFormat(lang, style);
  return cells.map((cell) => ({ ...cell, text: format.format(cell.date), weekend: cell.date.getDay() % 6 === 0 }));
}
