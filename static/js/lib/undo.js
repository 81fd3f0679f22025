// @ts-check
// Taking changes back: the journal's entry of a change is found once it is made.

import { ApiError, get, post } from "./api.js";
import { t } from "./i18n.js";
import { told } from "./reasons.js";
import { store } from "./store.js";
import { toast } from "./ui.js";

const KEY = "orch_undo";
const MOST = 50;
const IDS = { task: "id", approval: "appr_id", milestone: "ms_id" };

/** Tell of a change and offer to take it back. @param {"task" | "approval"} kind @param {any} record @param {string} text */
export function offerUndo(kind, record, text) {
  const found = findEntry(kind, record);
  found.then((id) => id && remember(id));
  toast(text, { action: { label: t("Undo"), run: () => found.then(undoFound) } });
}

/** Give the row of a journal entry its former bytes back; returns the answer or null. @param {number} journalId @returns {Promise<any>} */
export async function undo(journalId) {
  try {
    const answer = await post(`/api/undo/${journalId}`, {});
    forget(journalId);
    settle(answer);
    const redo = answer.journal_id;
    toast(t("Undone: {id}", { id: answer.id }),
      redo ? { action: { label: t("Redo"), run: () => undo(redo) } } : {});
    return answer;
  } catch (error) {
    if (/** @type {ApiError} */ (error).status !== 0) forget(journalId);
    toast(t("Cannot be undone: {reason}", { reason: told(/** @type {Error} */ (error).message) }),
      { kind: "error" });
    return null;
  }
}

/** Take back the last change that this tab made. */
export function undoLast() {
  const last = remembered().at(-1);
  if (last === undefined) toast(t("Nothing to undo in this tab."), { kind: "info" });
  else undo(last);
}

/** @param {number | null} id */
function undoFound(id) {
  if (id) undo(id);
  else toast(t("The journal has no entry of this change yet."), { kind: "error" });
}

/** @param {any} answer */
function settle(answer) {
  const kind = /** @type {keyof typeof IDS} */ (answer.kind);
  if (answer[kind]) store.put(kind, answer[kind]);
}

/** Return the id of the entry that left the row as `record`, or null. @param {"task" | "approval"} kind @param {any} record @returns {Promise<number | null>} */
async function findEntry(kind, record) {
  const id = encodeURIComponent(record[IDS[kind]]);
  try {
    const { entries } = await get(`/api/history?kind=${kind}&id=${id}&limit=10`);
    const fits = (/** @type {any} */ entry) =>
      entry.changes.length > 0 &&
      entry.changes.every((/** @type {any} */ { cell, after }) => record[cell] === after);
    return entries.find(fits)?.id ?? null;
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** @returns {number[]} */
const remembered = () => JSON.parse(sessionStorage.getItem(KEY) || "[]");

/** @param {number} id */
const remember = (id) => keep([...remembered(), id].slice(-MOST));

/** @param {number} id */
const forget = (id) => keep(remembered().filter((one) => one !== id));

/** @param {number[]} ids */
const keep = (ids) => sessionStorage.setItem(KEY, JSON.stringify(ids));
