// @ts-check
// Changes of ledger rows: one guarded request each, told by a toast that can take it back.

import { post } from "./api.js";
import { solveConflict } from "./conflict.js";
import { t } from "./i18n.js";
import { writeOver } from "./overwrite.js";
import { reason } from "./reasons.js";
import { STATUS_OF } from "./steps.js";
import { store } from "./store.js";
import { toast } from "./ui.js";
import { offerUndo } from "./undo.js";

export { reason } from "./reasons.js";
export { STATUS_OF, isFinal, verbsOf } from "./steps.js";
export { undo, undoLast } from "./undo.js";

/** Return a verb's label. @param {string} verb */
export function verbLabel(verb) {
  /** @type {Record<string, string>} */
  const labels = {
    promote: t("Make ready"),
    approve_done: t("Accept as done"),
    request_fix: t("Request a fix"),
    hold: t("Put on hold"),
    drop: t("Drop"),
  };
  return labels[verb] || verb;
}

/**
 * @typedef {{quiet?: boolean}} Options `quiet`: a refusal is returned as text, not toasted.
 */

/**
 * Move a task on; returns the new record, or null when it was refused or given up.
 * @param {any} task
 * @param {string} verb
 * @param {Options} [options]
 */
export function setStatus(task, verb, options = {}) {
  const wanted = { status: STATUS_OF[verb] };
  return change("task", task, `/api/tasks/${verb}`, { task_id: task.id }, wanted, options,
    t("{id} is now {status}", { id: task.id, ...wanted }));
}

/**
 * Change cells of a task: title, owner, due, artifact, notes.
 * @param {any} task
 * @param {Record<string, string>} fields
 * @param {Options} [options]
 */
export function editTask(task, fields, options = {}) {
  return change("task", task, "/api/tasks/update", { task_id: task.id, ...fields }, fields,
    options, t("{id} was saved", { id: task.id }));
}

/**
 * Create a task; `key` makes a second try safe.
 * @param {{title: string, owner?: string, due?: string, notes?: string}} fields
 * @param {string} key
 * @param {Options} [options]
 */
export async function createTask(fields, key, options = {}) {
  try {
    const answer = await post("/api/task/create", fields, { key });
    return accept("task", answer, t("{id} was created", { id: answer.id }));
  } catch (error) {
    return refuse(error, options);
  }
}

/**
 * Decide an approval.
 * @param {any} approval
 * @param {"approved" | "rejected"} status
 * @param {{comment?: string, approver?: string, approver_role?: string}} [by]
 * @param {Options} [options]
 */
export function decide(approval, status, by = {}, options = {}) {
  const verb = status === "approved" ? "approve" : "reject";
  const id = approval.appr_id;
  const text = status === "approved" ? t("{id} was approved", { id }) : t("{id} was rejected", { id });
  return change("approval", approval, `/api/approvals/${verb}`, { appr_id: id, ...by }, { status },
    options, text);
}

/**
 * @param {"task" | "approval"} kind
 * @param {any} record as it was when the reader decided
 * @param {string} path
 * @param {Record<string, any>} body
 * @param {Record<string, string>} wanted the cells that shall change
 * @param {Options} options
 * @param {string} text
 * @returns {Promise<any>}
 */
async function change(kind, record, path, body, wanted, options, text) {
  const send = (/** @type {string} */ rev) => post(path, { ...body, expected_rev: rev });
  const ask = (/** @type {any} */ before, /** @type {any} */ present) =>
    solveConflict(kind, before, present, wanted);
  try {
    const answer = await writeOver(record, send, ask);
    return answer && accept(kind, answer, text);
  } catch (error) {
    return refuse(error, options);
  }
}

/** @param {"task" | "approval"} kind @param {any} answer @param {string} text */
function accept(kind, answer, text) {
  if (answer.warning) toast(answer.warning, { kind: "error" });
  const record = answer[kind];
  // Without the record the change is in place, but the disk did not confirm it: read it again.
  if (!record) return store.reload().then(() => null);
  store.put(kind, record);
  offerUndo(kind, record, text);
  return record;
}

/** @param {any} error @param {Options} options @returns {string | null} */
function refuse(error, { quiet = false }) {
  const text = reason(error);
  if (quiet) return text;
  toast(text, { kind: "error" });
  return null;
}
