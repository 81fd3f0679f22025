// @ts-check
// The steps of contract 3.3 that people take; the server decides.

import { may } from "./page.js";

/** @type {Record<string, string[]>} */
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
