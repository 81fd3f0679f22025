// @ts-check
// Changes of ledger rows: one guarded request each, told by a toast that can take it back.

import { post } from "./api.js";
import { solveConflict } from "./conflict.js";
import { t } from "./i18n.js";
import { told } from "./reasons.js";
import { may } from "./role.js";
import { store } from "./store.js";
import { toast } from "./ui.js";
import { offerUndo } from "./undo.js";

export { undo, undoLast } from "./undo.js";

/** The steps of contract 3.3 that people take; the server decides. @type {Record<string, string[]>} */
const FLOW = {
  PLAN: ["promote", "hold", "drop"],
  READY: ["hold", "drop"],
  DOING: ["hold", "drop"],
  REVIEW: ["approve_done", "request_fix", "hold"],
  FIX: ["promote", "hold", "drop"],
  HOLD: ["promote", "drop"],
};

/** The status that a verb gives. @type {Record<string, string>} */
export const STATUS_OF = {
  promote: "READY",
  approve_done: "DONE",
  request_fix: "FIX",
  hold: "HOLD",
  drop: "DROP",
};

/** What a verb takes besides the right to write (orch_next/security/roles.py). @type {Record<string, string>} */
const ACTION_OF = { approve_done: "decide", request_fix: "decide", hold: "hold", drop: "drop" };

/** Return the verbs that the reader may use on a task of this status. @param {string} status */
export const verbsOf = (status) =>
  (FLOW[status] || []).filter((verb) => may(ACTION_OF[verb] || "write"));

/** Tell whether nobody moves a task of this status on. @param {string} status */
export const isFinal = (status) => !(status in FLOW);

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
  try {
    const answer = await post(path, { ...body, expected_rev: record.rev });
    return accept(kind, answer, text);
  } catch (error) {
    const present = /** @type {any} */ (error).body?.present;
    if (/** @type {any} */ (error).status !== 409 || !present) return refuse(error, options);
    const again = await solveConflict(kind, record, present, wanted);
    return again ? change(kind, present, path, body, wanted, options, text) : null;
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

/** Return why a request failed, for people. @param {any} error */
export function reason(error) {
  if (error.status === 0) return t("The server cannot be reached.");
  if (error.status === 503 && error.retryAfter) {
    return t("The ledger is in use. Try again in {seconds} s.", { seconds: error.retryAfter });
  }
  return t("Not done: {reason}", { reason: told(error.message) });
}
