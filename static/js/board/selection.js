// @ts-check
// The tasks that the board and the table show: store + URL + moves that are not confirmed yet.

import { query } from "../lib/query.js";
import { store } from "../lib/store.js";
import { TURN, entryOf, turnClock } from "./facts.js";
import { NAMES, isNarrow, matches, readFilter } from "./filter.js";
import { whoAmI } from "./me.js";

/** @typedef {import("./facts.js").Entry} Entry */
/** @typedef {import("./facts.js").Task} Task */

/** @type {Map<string, {status: string, owner: string, rev: string, entry: Entry | null}>} */
const moves = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {{all: Entry[], shown: Entry[]} | null} */
let present = null;
/** @type {Entry[] | null} */
let entries = null;
let frame = 0;

/** @type {Map<string, Entry>} */
let known = new Map();
let wasWritable = true;

/**
 * Make one entry for each row; rows that share an id get keys of their own. A row that is as it
 * was keeps its entry, so that nothing is drawn anew when the lists are read again.
 */
function readEntries() {
  const writable = store.isWritable("task");
  // What is late and what can be changed is part of how a task looks.
  const earlier = turnClock() || writable !== wasWritable ? new Map() : known;
  wasWritable = writable;
  known = new Map();
  const times = new Map();
  return store.tasks().map((/** @type {Task} */ task) => {
    const time = times.get(task.id) ?? 0;
    times.set(task.id, time + 1);
    const key = time ? `${task.id}\n${time}` : task.id;
    const found = earlier.get(key);
    const entry = found?.task.rev === task.rev ? found : entryOf(task, key);
    known.set(key, entry);
    return moves.size ? moved(entry) : entry;
  });
}

function moved(/** @type {Entry} */ entry) {
  const move = moves.get(entry.key);
  if (!move) return entry;
  if (entry.task.rev !== move.rev) {
    moves.delete(entry.key);
    return entry;
  }
  const { status, owner } = move;
  // The same object each time: nothing is drawn anew while one waits.
  move.entry ??= { ...entry, status, owner, moving: true };
  return move.entry;
}

function read() {
  entries ??= readEntries();
  const filter = readFilter((name) => query.get(name));
  const me = whoAmI();
  const all = entries;
  const shown = isNarrow(filter) ? all.filter((entry) => matches(entry, filter, me)) : all;
  return { all, shown };
}

/** What the listeners were told last. @type {{all: Entry[], about: string}} */
let told = { all: [], about: "" };

function tell() {
  frame = 0;
  const { all } = selection.read();
  const { stale, lost, missing } = store.ledger("task");
  const about = [location.search, stale, lost, missing].join(" ");
  const same = about === told.about && all.length === told.all.length &&
    all.every((entry, place) => entry === told.all[place]);
  told = { all, about };
  // Lists that were read again and are as they were change nothing.
  if (!same) for (const listener of listeners) listener();
}

function changed(/** @type {boolean} */ rows) {
  present = null;
  if (rows) entries = null;
  frame ||= requestAnimationFrame(tell);
}

let watching = false;
function watch() {
  if (watching) return;
  watching = true;
  store.subscribe(["tasks"], () => changed(true));
  query.onChange(() => changed(false));
  setInterval(() => changed(true), TURN);
}

export const selection = {
  /** All entries and the wanted ones, in the ledger's order. */
  read: () => (present ??= read()),
  /** Tell whether filters leave tasks out. */
  narrow: () => isNarrow(readFilter((name) => query.get(name))),
  /** Call `listener` at most once a frame when tasks or filters change; return how to stop. */
  subscribe(/** @type {() => void} */ listener) {
    watch();
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Show a task elsewhere until its row changes or `release` is called. */
  move(/** @type {Entry} */ entry, /** @type {{status: string, owner: string}} */ to) {
    moves.set(entry.key, { ...to, rev: entry.task.rev, entry: null });
    changed(true);
  },
  /** Show a task where the ledger has it. */
  release(/** @type {string} */ key) {
    if (moves.delete(key)) changed(true);
  },
  /** Take every filter away. */
  clear() {
    query.set(Object.fromEntries(NAMES.map((name) => [name, null])));
  },
};
