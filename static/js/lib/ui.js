// @ts-check
// Toasts, questions, badges and dialogs.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const TOAST_MS = 8000;
// More of a kind would hide what they tell about.
const MOST_TOASTS = 2;
const NAMES = new Set(["PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP"]);

/**
 * Show a message; errors stay until they are closed. Returns a function that closes it.
 * @param {string} text
 * @param {{kind?: "ok" | "error" | "info", action?: {label: string, run: () => void}}} [options]
 */
export function toast(text, { kind = "ok", action } = {}) {
  const close = () => box.remove();
  const box = h("div", { class: `toast toast-${kind}`, role: kind === "error" ? "alert" : null },
    h("span", { class: "toast-text" }, text),
    action && h("button", { type: "button", class: "btn btn-small toast-action",
      onclick: () => (close(), action.run()) }, action.label),
    h("button", { type: "button", class: "btn btn-quiet btn-small toast-close",
      "aria-label": t("Close"), onclick: close }, "×"));
  makeRoom(box, text);
  if (kind !== "error") expire(box, close);
  return close;
}

/** Show a toast in place of the same one, and of the oldest where there are too many. @param {HTMLElement} box @param {string} text */
function makeRoom(box, text) {
  const alike = [...area().querySelectorAll(".toast")].filter((one) => one.className === box.className);
  const same = alike.filter((one) => one.querySelector(".toast-text")?.textContent === text);
  const others = alike.filter((one) => !same.includes(one));
  for (const old of [...same, ...others.slice(0, Math.max(0, others.length - MOST_TOASTS + 1))]) old.remove();
  area().append(box);
}

/** @returns {HTMLElement} */
function area() {
  return /** @type {HTMLElement} */ (document.getElementById("notification-area"));
}

/** Time stands still while somebody points at the toast or has the focus in it. @param {HTMLElement} box @param {() => void} close */
function expire(box, close) {
  /** @type {any} */
  let timer = setTimeout(close, TOAST_MS);
  const stop = () => clearTimeout(timer);
  const go = () => (stop(), (timer = setTimeout(close, TOAST_MS)));
  box.addEventListener("pointerenter", stop);
  box.addEventListener("focusin", stop);
  box.addEventListener("pointerleave", go);
  box.addEventListener("focusout", go);
}

/** Return a status as a badge; unknown ones keep their text. @param {string} status */
export const badge = (status) =>
  h("span", { class: `badge task-status-badge ${statusClass(status)}` }, status || "—");

/** Return the CSS class of a status. @param {string} status */
export const statusClass = (status) =>
  NAMES.has(status) || /^(pending|approved|rejected|expired)$/.test(status)
    ? `status-${status.toLowerCase()}`
    : "status-other";

/**
 * Open a dialog; its [data-close] buttons, Escape and a press beside it close it.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} the dialog's return value, "" when it was closed
 */
export function openDialog(dialog) {
  if (!dialog.dataset.wired) wire(dialog);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

/** @param {HTMLDialogElement} dialog */
function wire(dialog) {
  dialog.dataset.wired = "yes";
  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("[data-close]")) dialog.close("");
  });
  // A press that began inside (selecting text) must not close it.
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && !isInside(dialog, event)) dialog.close("");
  });
}

/** @param {HTMLDialogElement} dialog @param {PointerEvent} event */
function isInside(dialog, { clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

/**
 * Ask a question; resolves to true for yes.
 * @param {string} text
 * @param {{yes?: string, danger?: boolean}} [options]
 */
export async function confirmDialog(text, { yes = t("OK"), danger = false } = {}) {
  const dialog = h("dialog", { class: "dialog dialog-small", "aria-label": t("Question") },
    h("form", { method: "dialog" },
      h("p", { class: "question" }, text),
      h("div", { class: "form-buttons" },
        h("button", { type: "button", class: "btn", dataset: { close: "" } }, t("Cancel")),
        h("button", { class: `btn ${danger ? "btn-danger" : "btn-primary"}`, value: "yes",
          autofocus: true }, yes))));
  document.body.append(dialog);
  const answer = await openDialog(dialog);
  dialog.remove();
  return answer === "yes";
}
