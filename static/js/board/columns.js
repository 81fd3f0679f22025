// @ts-check
// Which card stands in which column and lane.

import { FINAL } from "./facts.js";
import { STATUSES } from "./rules.js";

/** @typedef {import("./facts.js").Entry} Entry */
/** @typedef {{owner: string | null, count: number, cells: Map<string, Entry[]>}} Lane */

// Columns and lanes are few: what comes after these stands in a last one of its own.
const OWN_COLUMNS = 8;
const LANES = 12;
/** The column and the lane of what has none of its own. */
export const OTHERS = "…";

function counted(/** @type {Iterable<string>} */ words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Order within a column: as the dispatcher takes them; what is final has the newest row first. */
function compare(/** @type {Entry} */ a, /** @type {Entry} */ b) {
  return a.rank - b.rank || (a.due === b.due ? 0 : a.due - b.due);
}

/**
 * Count the tasks of each column: the contract's, then the unknown ones of the ledger, then DROP.
 * @param {Entry[]} all
 * @returns {Map<string, number>} in the order of the columns
 */
export function countColumns(all) {
  const counts = counted(all.map((entry) => entry.status));
  const unknown = [...counts.keys()].filter((status) => !STATUSES.includes(status));
  const columns = [...STATUSES.slice(0, -1), ...unknown.slice(0, OWN_COLUMNS)];
  const found = new Map(columns.map((status) => [status, counts.get(status) ?? 0]));
  const more = unknown.slice(OWN_COLUMNS).reduce((sum, status) => sum + counts.get(status), 0);
  if (more) found.set(OTHERS, more);
  const last = STATUSES[STATUSES.length - 1];
  return found.set(last, counts.get(last) ?? 0);
}

/** List the owners that get a lane, those with the most tasks first. */
export function lanesOf(/** @type {Entry[]} */ all) {
  const counts = counted(all.map((entry) => entry.owner));
  const owners = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  return owners.length > LANES ? [...owners.slice(0, LANES - 1), OTHERS] : owners;
}

/**
 * Sort the shown entries into lanes and columns.
 * @param {Entry[]} shown
 * @param {string[]} columns
 * @param {(string | null)[]} owners [null] for one lane of everybody
 * @returns {Lane[]}
 */
export function arrange(shown, columns, owners) {
  const lanes = new Map(owners.map((owner) => [owner, makeLane(owner, columns)]));
  const everybody = lanes.get(null);
  for (const entry of shown) {
    const lane = everybody ?? lanes.get(entry.owner) ?? lanes.get(OTHERS);
    if (!lane) continue;
    const cell = lane.cells.get(entry.status) ?? lane.cells.get(OTHERS);
    cell?.push(entry);
    lane.count += 1;
  }
  for (const lane of lanes.values()) lane.cells.forEach(sortCell);
  return [...lanes.values()];
}

function makeLane(owner, columns) {
  return { owner, count: 0, cells: new Map(columns.map((status) => [status, []])) };
}

function sortCell(/** @type {Entry[]} */ cell, /** @type {string} */ status) {
  if (FINAL.includes(status)) cell.reverse();
  else cell.sort(compare);
}
