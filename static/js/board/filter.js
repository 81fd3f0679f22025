// @ts-check
// Which tasks a reader wants to see: the search and filters of the URL.

import { fold, searchText } from "./facts.js";

/** @typedef {import("./facts.js").Entry} Entry */
/** @typedef {{terms: string[], owner: string, status: string, due: string, priority: string,
 *   mine: boolean}} Filter */

export const NAMES = ["q", "owner", "status", "due", "priority", "mine"];

/**
 * Read the filter from the URL's parameters.
 * @param {(name: string) => string | null} get
 * @returns {Filter}
 */
export function readFilter(get) {
  const text = (/** @type {string} */ name) => get(name) ?? "";
  return {
    terms: fold(text("q")).split(/\s+/).filter(Boolean),
    owner: text("owner"),
    status: text("status"),
    due: text("due"),
    priority: text("priority"),
    mine: text("mine") === "1",
  };
}

/** Tell whether the filter leaves anything out. */
export function isNarrow(/** @type {Filter} */ filter) {
  const { terms, owner, status, due, priority, mine } = filter;
  return terms.length > 0 || Boolean(owner || status || due || priority || mine);
}

/** Days from today to Sunday, 0..6: what "this week" still has. */
export const daysLeft = (now = new Date()) => (7 - now.getDay()) % 7;

/** @type {Record<string, (entry: Entry) => boolean>} */
const DUE = {
  overdue: (entry) => entry.late,
  week: (entry) => entry.days !== null && entry.days >= 0 && entry.days <= daysLeft(),
  none: (entry) => entry.days === null,
};

/**
 * Tell whether a task is wanted; every search term must occur. Notes without a priority
 * count as MEDIUM, as the dispatcher counts them.
 * @param {Entry} entry
 * @param {Filter} filter
 * @param {string[]} me names under which "mine" looks for an owner
 */
export function matches(entry, filter, me) {
  if (filter.owner && entry.owner !== filter.owner) return false;
  if (filter.status && entry.status !== filter.status) return false;
  if (filter.priority && (entry.priority || "MEDIUM") !== filter.priority) return false;
  if (filter.mine && !me.includes(entry.owner)) return false;
  if (filter.due && !(DUE[filter.due]?.(entry) ?? true)) return false;
  if (filter.terms.length === 0) return true;
  const text = searchText(entry.task);
  return filter.terms.every((term) => text.includes(term));
}
