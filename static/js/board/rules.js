// @ts-check
// Where a task may go by hand (contract 3.3), and what to say when it may not.

import { t } from "../lib/i18n.js";
import { STATUS_OF, isFinal, verbsOf } from "../lib/steps.js";

export const STATUSES = ["PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP"];

/** Return the verb that leads from one status to another, or "". */
export function verbFor(/** @type {string} */ from, /** @type {string} */ to) {
  return verbsOf(from).find((verb) => STATUS_OF[verb] === to) ?? "";
}

/** Return the statuses that verbs reach from here. */
export function reachable(/** @type {string} */ from) {
  return verbsOf(from).map((verb) => STATUS_OF[verb]);
}

/** Say why a task cannot go there by hand. */
export function whyNot(/** @type {string} */ from, /** @type {string} */ to) {
  const ways = reachable(from).join(", ");
  if (isFinal(from)) return t("{from} is final: no step leads out of it.", { from });
  if (!ways) return t("Your role does not allow this.");
  if (to === "DOING") return t("DOING is set when a core claims the task, not by hand.");
  if (to === "REVIEW") return t("REVIEW is set when the core reports its work, not by hand.");
  if (to === "PLAN") return t("Only new tasks are PLAN.");
  return t("{from} cannot become {to}. It can become {ways}.", { from, to, ways });
}
