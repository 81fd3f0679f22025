// @ts-check
// The dialog for a new task: sent once by its key, and nothing typed is lost.

import { taskUrl, url } from "../lib/api.js";
import { createTask } from "../lib/edit.js";
import { t } from "../lib/i18n.js";
import { makeResend } from "../lib/resend.js";
import { may, whyReadOnly } from "../lib/role.js";
import { store } from "../lib/store.js";
import { openDialog, toast } from "../lib/ui.js";

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);
// Without https there is no randomUUID.
const resend = makeResend(() =>
  crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`);

/** Wire the button, the dialog and the page /tasks/new. */
export function start() {
  find("new-task-btn").addEventListener("click", open);
  find("createTaskForm").addEventListener("submit", submit);
  store.subscribe(["tasks"], showWritable);
  if ("new" in document.body.dataset) open();
}

/** Open the dialog; what was typed before and not sent is still there. */
export function open() {
  if (!may("write")) {
    toast(t("Your role does not allow this."), { kind: "info" });
    return;
  }
  showError("");
  openDialog(find("createTaskModal"));
  find("taskTitle").focus();
}

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  const form = find("createTaskForm");
  const button = form.querySelector("[type=submit]");
  const fields = Object.fromEntries(new FormData(form));
  if (!String(fields.title).trim()) return showError(t("A task needs a title."));
  if (button.disabled) return;
  button.disabled = true;
  const key = resend.keyFor(fields);
  const made = await createTask(/** @type {any} */ (fields), key, { quiet: true });
  button.disabled = false;
  if (typeof made === "string") return showError(made);
  resend.done();
  form.reset();
  find("createTaskModal").close();
  leaveNew(made);
}

/** On /tasks/new the address would open the dialog again. @param {any} made */
function leaveNew(made) {
  if (!("new" in document.body.dataset)) return;
  delete document.body.dataset.new;
  history.replaceState(null, "", url("/tasks"));
  if (made) find("main-content").querySelector(`a[href="${CSS.escape(taskUrl(made.id))}"]`)?.focus();
}

/** @param {string} text */
function showError(text) {
  const place = find("createTaskForm").querySelector(".form-error");
  place.textContent = text;
  place.hidden = !text;
  const title = find("taskTitle");
  title.setAttribute("aria-invalid", String(Boolean(text) && !title.value.trim()));
  if (text) title.focus();
}

function showWritable() {
  const button = find("new-task-btn");
  button.title = whyReadOnly("task");
  button.disabled = button.title !== "";
}
