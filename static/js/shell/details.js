// @ts-check
// A glance at a task without leaving the page: [data-task-details="<id>"] opens it.

import { taskUrl } from "../lib/api.js";
import { fill } from "../lib/dom.js";
import { day } from "../lib/i18n.js";
import { store } from "../lib/store.js";
import { badge, openDialog } from "../lib/ui.js";

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);

/** Open the dialog for every element that names a task. */
export function start() {
  document.addEventListener("click", (event) => {
    const named = /** @type {Element} */ (event.target).closest("[data-task-details]");
    if (named) showTask(named.getAttribute("data-task-details") || "");
  });
}

/** Show the task of this id; nothing when there is none. @param {string} id */
export function showTask(id) {
  const task = store.task(id);
  if (!task) return;
  const texts = {
    taskDetailsLabel: task.id,
    taskDetailTitle: task.title,
    taskDetailOwner: task.owner,
    taskDetailDue: day(task.due),
    taskDetailNotes: task.notes,
    taskDetailModel: modelOf(task.notes),
  };
  for (const [place, text] of Object.entries(texts)) find(place).textContent = text || "—";
  fill(find("taskDetailStatus"), badge(task.status));
  const dialog = find("taskDetailsModal");
  dialog.querySelector("[data-open]").href = taskUrl(task.id);
  openDialog(dialog);
}

/** Return what the notes name as `model: <name>` (contract 4.1). @param {string} notes */
const modelOf = (notes) => /model:\s*([^\s,;]+)/i.exec(notes || "")?.[1] || "";
