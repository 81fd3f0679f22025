// @ts-check
// Taking changes back: the journal's entry of a change is found once it is made.

import { ApiError, get, post } from "./api.js";
import { t } from "./i18n.js";
import { reason } from "./reasons.js";
import { store } from "./store.js";
import { entryThatLeft, isPassing, withId, withoutId } from "./takeback.js";
import { toast } from "./ui.js";
import { authorName, cellNames } from "./words.js";

const KEY = "orch_undo";
const IDS = { task: "id", approval: "appr_id", milestone: "ms_id" };
/** What closes the toast that offers to take an entry back. @type {Map<number, () => void>} */
const offers = new Map();

/** Tell of a change and offer to take it back. @param {"task" | "approval"} kind @param {any} record @param {string} text */
export function offerUndo(kind, record, text) {
  const found = findEntry(kind, record);
  const close = toast(text, { action: { label: t("Undo"), run: () => found.then(undoFound) } });
  found.then((id) => {
    if (!id) return;
    remember(id);
    offers.set(id, close);
  });
}

/**
 * Give the row of a journal entry its former bytes back; returns the answer or null. Taking back
 * what was undone makes the change again, which can be taken back like any other.
 * @param {number} journalId
 * @param {{redo?: boolean}} [options] `redo`: the entry is an undo itself
 * @returns {Promise<any>}
 */
export async function undo(journalId, { redo = false } = {}) {
  const was = remembered();
  withdraw(journalId);
  // Out at once: the key pressed again meanwhile means the change before this one.
  forget(journalId);
  try {
    const answer = await post(`/api/undo/${journalId}`, {});
    settle(answer);
    if (redo && answer.journal_id) remember(answer.journal_id);
    tellUndone(answer, redo);
    return answer;
  } catch (error) {
    const failed = /** @type {ApiError} */ (error);
    if (was.includes(journalId) && isPassing(failed.status)) remember(journalId);
    toast(whyNot(failed), { kind: "error" });
    return null;
  }
}

/** Close the toast that offers what is done now, or can be done no more. @param {number} id */
function withdraw(id) {
  offers.get(id)?.();
  offers.delete(id);
}

/** Say why nothing was taken back, and whose change stands. @param {ApiError} error */
function whyNot(error) {
  if (error.body?.code !== "changed_since") return reason(error, t("Cannot be undone: {reason}"));
  const { changed_by: by, present } = error.body;
  const id = present ? present.id ?? present.appr_id ?? present.ms_id : "";
  const values = { id, who: authorName(by), cells: cellNames(by.cells) };
  return id
    ? t("{id} cannot be undone: {who} changed {cells} since then.", values)
    : t("Cannot be undone: {who} has taken the row away since then.", values);
}

/** @param {any} answer @param {boolean} redo */
function tellUndone({ id, journal_id: back }, redo) {
  const text = redo ? t("Done again: {id}", { id }) : t("Undone: {id}", { id });
  const label = redo ? t("Undo") : t("Redo");
  if (!back) return void toast(text);
  offers.set(back, toast(text, { action: { label, run: () => undo(back, { redo: !redo }) } }));
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
    return entryThatLeft(entries, record);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** @returns {number[]} */
const remembered = () => JSON.parse(sessionStorage.getItem(KEY) || "[]");

/** @param {number} id */
const remember = (id) => keep(withId(remembered(), id));

/** @param {number} id */
const forget = (id) => keep(withoutId(remembered(), id));

/** @param {number[]} ids */
const keep = (ids) => sessionStorage.setItem(KEY, JSON.stringify(ids));
