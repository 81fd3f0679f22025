// @ts-check
// The ledgers as this page knows them: read once, then kept up to date by events.

import { get } from "./api.js";
import { live } from "./live.js";

const KINDS = { task: "tasks", approval: "approvals", milestone: "milestones" };
const IDS = { task: "id", approval: "appr_id", milestone: "ms_id" };
const HIDDEN_MS = 100;
const SETTLE_MS = 250;
const STALE_MS = 4000;
const RETRY_MS = 2000;

/**
 * @typedef {keyof typeof KINDS} Kind
 * @typedef {{stale: boolean, missing: boolean, lost: boolean, problems: any[]}} Condition
 *   `stale`: its rows are the last good ones; `lost`: it was never readable; both forbid writing.
 * @typedef {{rows: any[], places: Map<string, number>, condition: Condition}} Ledger
 */

/** @returns {Ledger} */
const empty = () => ({
  rows: [],
  places: new Map(),
  condition: { stale: false, missing: false, lost: false, problems: [] },
});
/** @type {Record<Kind, Ledger>} */
const ledgers = { task: empty(), approval: empty(), milestone: empty() };
/** @type {Set<{kinds: Set<string>, tell: (changed: any) => void}>} */
const subscribers = new Set();
/** Changed ids by list since the last telling; null: everything. @type {Map<string, Set<string> | null>} */
let changed = new Map();
let isPlanned = false;
/** @type {Map<Kind, any>} */
const settling = new Map();

export const store = {
  /** Resolves when the three lists were read for the first time. @type {Promise<void>} */
  ready: Promise.all(kinds().map(loadFirst)).then(() => undefined),

  /** @returns {readonly any[]} */
  tasks: () => ledgers.task.rows,
  /** @returns {readonly any[]} */
  approvals: () => ledgers.approval.rows,
  /** @returns {readonly any[]} */
  milestones: () => ledgers.milestone.rows,
  /** @param {string} id */
  task: (id) => find("task", id),
  /** @param {string} id */
  approval: (id) => find("approval", id),
  /** @param {string} id */
  milestone: (id) => find("milestone", id),

  /** Return a ledger's condition. @param {Kind} kind */
  ledger: (kind) => ledgers[kind].condition,

  /** Tell whether a ledger may be written now. @param {Kind} kind */
  isWritable: (kind) => !ledgers[kind].condition.stale && !ledgers[kind].condition.lost,

  /**
   * Call `tell({tasks, approvals, milestones})` after changes of these lists, at most once a
   * frame: each a Set of ids, empty when nothing changed, null when everything may have.
   * @param {string[]} lists
   * @param {(changed: any) => void} tell
   */
  subscribe(lists, tell) {
    const subscriber = { kinds: new Set(lists), tell };
    subscribers.add(subscriber);
    return () => subscribers.delete(subscriber);
  },

  /** Take a record that an answer brought. @param {Kind} kind @param {any} record */
  put: (kind, record) => take(kind, record[IDS[kind]], record),

  /** Read the lists again. */
  reload: () => Promise.all(kinds().map(load)),
};

/** @returns {Kind[]} */
function kinds() {
  return /** @type {Kind[]} */ (Object.keys(KINDS));
}

/** @param {Kind} kind @param {string} id */
function find(kind, id) {
  const place = ledgers[kind].places.get(id);
  return place === undefined ? undefined : ledgers[kind].rows[place];
}

/** Try until the list is known: nothing may be shown as empty that was not read. @param {Kind} kind */
async function loadFirst(kind) {
  while (!(await load(kind))) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}

/** Read a list; tell whether something is known of it now. @param {Kind} kind */
async function load(kind) {
  const list = KINDS[kind];
  try {
    const answer = await get(`/api/${list}`);
    const problems = answer.problems;
    const missing = problems.some((/** @type {any} */ one) => one.code === "missing-file");
    replace(kind, answer[list], { stale: answer.stale, missing, lost: false, problems });
    // Damage of less than two seconds is told by no event (docs/realtime.md): look again.
    if (answer.stale) settle(kind, STALE_MS);
    return true;
  } catch (error) {
    // Nobody answers: what we have is as good as before.
    if (/** @type {any} */ (error).status !== 500) return false;
    await lose(kind);
    return true;
  }
}

/** @param {Kind} kind */
async function lose(kind) {
  const file = await get(`/api/ledger/${KINDS[kind]}`).catch(() => null);
  replace(kind, [], { stale: true, missing: true, lost: true, problems: file?.problems || [] });
}

/** @param {Kind} kind @param {any[]} rows @param {Condition} condition */
function replace(kind, rows, condition) {
  ledgers[kind] = { rows, places: index(kind, rows), condition };
  note(kind, null);
}

/** @param {Kind} kind @param {any[]} rows */
function index(kind, rows) {
  const places = new Map();
  // Of rows that share an id the first one counts (docs/ledger.md).
  rows.forEach((row, place) => places.has(row[IDS[kind]]) || places.set(row[IDS[kind]], place));
  return places;
}

/** @param {Kind} kind @param {string} id @param {any} record null: the row is gone */
function take(kind, id, record) {
  const ledger = ledgers[kind];
  const place = ledger.places.get(id);
  if (place !== undefined && record?.rev === ledger.rows[place].rev) return;
  const rows = [...ledger.rows];
  if (!record && place !== undefined) rows.splice(place, 1);
  else if (record) rows[place ?? rows.length] = record;
  const places = record && place !== undefined ? ledger.places : index(kind, rows);
  ledgers[kind] = { ...ledger, rows, places };
  note(kind, id);
}

/** @param {Kind} kind @param {string | null} id */
function note(kind, id) {
  const list = KINDS[kind];
  const ids = changed.has(list) ? changed.get(list) : new Set();
  changed.set(list, id === null || !ids ? null : ids.add(id));
  if (isPlanned) return;
  isPlanned = true;
  // A hidden tab has no frames, but its title still counts.
  if (document.hidden) setTimeout(tellAll, HIDDEN_MS);
  else requestAnimationFrame(tellAll);
}

function tellAll() {
  const now = changed;
  changed = new Map();
  isPlanned = false;
  const news = Object.fromEntries(
    Object.values(KINDS).map((list) => [list, now.has(list) ? now.get(list) : new Set()]),
  );
  for (const { kinds: wanted, tell } of subscribers) {
    if ([...wanted].some((list) => now.has(list))) tell(news);
  }
}

/** @param {any} event */
function onRow(event) {
  const kind = /** @type {Kind} */ (event.kind);
  if (ledgers[kind].condition.lost) settle(kind);
  // The event has the revision beside the row.
  else take(kind, event.id, event[kind] && { ...event[kind], rev: event.rev });
}

/** @param {any} event */
function onLedger(event) {
  const kind = kinds().find((one) => event.id?.toLowerCase().startsWith(KINDS[one]));
  (kind ? [kind] : kinds()).forEach((one) => settle(one));
}

/** Read a list again, once for several events in a row. @param {Kind} kind @param {number} [wait] */
function settle(kind, wait = SETTLE_MS) {
  clearTimeout(settling.get(kind));
  settling.set(kind, setTimeout(() => load(kind), wait));
}

for (const kind of kinds()) live.on(`${kind}_updated`, onRow);
live.on("ledger_changed", onLedger);
live.on("reset", () => kinds().forEach((kind) => settle(kind)));

live.onState((state) => {
  // Without a number to go on from, what happened before this connection was told to nobody.
  const isConnected = state === "socket" || state === "stream";
  if (isConnected && live.cursor === null) kinds().forEach((kind) => settle(kind));
});
