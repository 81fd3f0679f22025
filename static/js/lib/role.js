// @ts-check
// What the reader's role allows, so that no button is offered that the server would refuse.

import { t } from "./i18n.js";
import { may } from "./page.js";
import { store } from "./store.js";

export { may } from "./page.js";

/** Return the properties of a button for an action: none, or disabled with the reason. @param {string} action */
export const allowedTo = (action) =>
  may(action) ? {} : { disabled: true, title: t("Your role does not allow this.") };

/** Disable a section's buttons whose action the role may not do. @param {Iterable<any>} buttons @param {string} action */
export function forbid(buttons, action) {
  for (const button of buttons) Object.assign(button, allowedTo(action));
}

/** Say why a ledger's rows cannot be changed here; "" when they can. @param {"task" | "approval"} kind */
export function whyReadOnly(kind) {
  if (!may(kind === "approval" ? "decide" : "write")) return t("Your role does not allow this.");
  return store.isWritable(kind)
    ? ""
    : t("The ledger is damaged; nothing can be written until it is mended");
}

/** Say why nothing can be moved at all; "" when it can. */
export function standstill() {
  if (!may("write")) return t("Your role does not allow this.");
  return store.isWritable("task")
    ? ""
    : t("The task ledger is damaged or missing: nothing can be changed until it is mended.");
}
