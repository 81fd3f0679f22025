// @ts-check
// Sorting the table.

import { lockOf } from "./facts.js";
import { STATUSES } from "./rules.js";

/** @typedef {import("./facts.js").Entry} Entry */

const words = new Intl.Collator("ja", { numeric: true });

/** @type {Record<string, (entry: Entry) => string | number>} */
const KEYS = {
  id: (entry) => entry.task.id,
  title: (entry) => entry.task.title,
  status: (entry) => rankOf(entry.status),
  owner: (entry) => entry.owner,
  due: (entry) => entry.due,
  lock: (entry) => lockOf(entry.task)?.until || Infinity,
};

function rankOf(/** @type {string} */ status) {
  const place = STATUSES.indexOf(status);
  return place < 0 ? STATUSES.length : place;
}

/** Tell whether the table can be sorted by this. */
export const isSortable = (/** @type {string | null} */ name) => name !== null && name in KEYS;

function compare(/** @type {string | number} */ a, /** @type {string | number} */ b) {
  if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a - b;
  return words.compare(String(a), String(b));
}

/**
 * Sort entries by a column; equal ones keep the ledger's order, what has no due date or lock
 * comes last either way.
 * @param {Entry[]} entries
 * @param {string | null} name
 * @param {boolean} down
 */
export function sorted(entries, name, down) {
  if (!name || !isSortable(name)) return entries;
  const key = KEYS[name];
  const keyed = entries.map((entry) => ({ entry, key: key(entry) }));
  const sign = down ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === Infinity || b.key === Infinity) return compare(a.key, b.key);
    return sign * compare(a.key, b.key);
  });
  return keyed.map(({ entry }) => entry);
}
