// @ts-check
// What this tab can take back: ids of journal entries, the newest last.

const MOST = 50;

/** Return the ids with one more, in the journal's order. @param {number[]} ids @param {number} id */
export const withId = (ids, id) =>
  [...withoutId(ids, id), id].sort((one, other) => one - other).slice(-MOST);

/** Return the ids without one. @param {number[]} ids @param {number} id */
export const withoutId = (ids, id) => ids.filter((one) => one !== id);

/**
 * Tell whether asking again may succeed: nobody answered, the session has ended, the ledger is in
 * use or damaged. Such an entry stays.
 * @param {number} status
 */
export const isPassing = (status) =>
  [0, 401, 408, 423, 429].includes(status) || status >= 500;

/**
 * Return the id of the newest entry that left the row as `record`, or null. An entry that another
 * made since has a cell that is not as in `record`.
 * @param {{id: number, changes: {cell: string, after: any}[]}[]} entries newest first
 * @param {any} record
 */
export function entryThatLeft(entries, record) {
  const fits = (/** @type {{changes: {cell: string, after: any}[]}} */ { changes }) =>
    changes.length > 0 && changes.every(({ cell, after }) => record[cell] === after);
  return entries.find(fits)?.id ?? null;
}
