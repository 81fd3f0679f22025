// @ts-check
// Moving a task: shown at once, taken back when the server refuses.

import { editTask, setStatus } from "../lib/edit.js";
import { store } from "../lib/store.js";
import { verbFor } from "./rules.js";
import { selection } from "./selection.js";

/** @typedef {import("./facts.js").Entry} Entry */

// How long a confirmed move is shown before its event has come, ms.
const PATIENCE = 5_000;

/** Wait until the store has another revision of the task, or patience is over. */
function arrived(/** @type {Entry} */ entry) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve(null);
    };
    const look = () => store.task(entry.task.id)?.rev !== entry.task.rev && done();
    const stop = store.subscribe(["tasks"], look);
    const timer = setTimeout(done, PATIENCE);
    look();
  });
}

/**
 * Give a task the status and owner of the place where it was dropped; resolve to whether it
 * was done. The steps are one after the other: a refused first one leaves all as it was.
 * @param {Entry} entry
 * @param {{status: string, owner: string}} to
 */
export async function moveTask(entry, to) {
  selection.move(entry, to);
  try {
    let task = entry.task;
    if (to.status !== entry.task.status) {
      task = await setStatus(task, verbFor(entry.task.status, to.status));
    }
    if (task && to.owner !== entry.task.owner) task = await editTask(task, { owner: to.owner });
    if (task) await arrived(entry);
    return Boolean(task);
  } finally {
    selection.release(entry.key);
  }
}
