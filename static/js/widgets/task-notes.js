// @ts-check
// A task's notes: laid out by the server, raw on request, edited in place.
import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { store } from "../lib/store.js";
import { isBlocked, mountCell } from "../task/cell.js";
import { followTask } from "../task/follow.js";
import { safeNodes } from "../task/safe.js";

/** Show and edit the notes of the section's task. */
export function mount(root) {
  const shown = root.querySelector(".cell-shown");
  const toggle = root.querySelector("[data-raw]");
  const edit = root.querySelector("[data-edit]");
  let task = null;
  let raw = false;
  const cell = mountCell(root.querySelector('[data-cell="notes"]'), {
    name: "notes",
    labelId: "task-notes-heading",
    show: (_, latest) => lay(latest),
  });
  toggle.addEventListener("click", () => {
    raw = !raw;
    toggle.setAttribute("aria-pressed", String(raw));
    if (task) lay(task);
  });
  edit.addEventListener("click", () => cell.open());
  followTask(root, (latest) => {
    task = latest || task;
    edit.disabled = isBlocked() || !latest;
    if (task) cell.update(latest);
  });

  async function lay(latest) {
    task = latest;
    if (!task.notes || task.notes === "-")
      return fill(shown, h("p", { class: "muted" }, t("No notes.")));
    if (raw) return fill(shown, h("pre", { class: "notes-raw" }, task.notes));
    if (!shown.hasChildNodes()) fill(shown, h("p", {}, task.notes));
    const answer = await get(`/api/tasks/${encodeURIComponent(task.id)}/notes`).catch(() => null);
    // Another revision came in between: its own call shows it.
    if (!answer || raw || answer.rev !== task.rev)
      return answer || fill(shown, h("p", {}, task.notes));
    return fill(shown, h("div", { class: "markdown" }, ...safeNodes(answer.html)));
  }
  store.subscribe(["tasks"], () => (edit.disabled = isBlocked()));
}
