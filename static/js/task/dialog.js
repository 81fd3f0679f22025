// @ts-check
// A task at a glance, over whatever page one is on: the dialog of the main page (contract 4.1).
import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { setStatus, verbLabel, verbsOf } from "../lib/edit.js";
import { whyReadOnly } from "../lib/role.js";
import { store } from "../lib/store.js";
import { badge, openDialog } from "../lib/ui.js";
import { modelOf } from "./relations.js";
import { dueText, lockText } from "./when.js";

/** Open the details of a task; an unknown id leads to its page, which says so. @param {string} id */
export async function openTask(id) {
  await store.ready;
  const dialog = /** @type {HTMLDialogElement | null} */ (
    document.getElementById("taskDetailsModal")
  );
  if (!dialog || !store.task(id)) return location.assign(taskUrl(id));
  const verbs = h("div", { class: "toolbar task-dialog-verbs" });
  dialog.querySelector(".form-buttons")?.before(verbs);
  const draw = () => show(dialog, verbs, store.task(id));
  draw();
  const end = store.subscribe(["tasks"], ({ tasks }) => (!tasks || tasks.has(id)) && draw());
  await openDialog(dialog);
  end();
  return verbs.remove();
}

function show(dialog, verbs, task) {
  // The row may go while one looks: what was last known of it stays, without verbs.
  if (!task) return fill(verbs);
  const put = (name, ...content) => fill(dialog.querySelector(`#taskDetail${name}`), ...content);
  fill(dialog.querySelector("#taskDetailsLabel"), h("span", { class: "mono" }, task.id));
  put("Title", task.title || "—");
  put("Status", badge(task.status), " ", h("span", { class: "muted" }, lockText(task)));
  put("Owner", task.owner || "—");
  put("Due", dueText(task.due, task.status));
  put("Notes", task.notes && task.notes !== "-" ? task.notes : "—");
  put("Model", modelOf(task) || "—");
  dialog.querySelector("[data-open]").href = taskUrl(task.id);
  const writable = !whyReadOnly("task");
  return fill(verbs, ...verbsOf(task.status).map((verb) => verbButton(task, verb, writable)));
}

function verbButton(task, verb, writable) {
  const press = () => setStatus(store.task(task.id) || task, verb);
  return h(
    "button",
    {
      type: "button",
      class: "btn btn-small",
      disabled: !writable,
      dataset: { verb },
      onclick: press,
    },
    verbLabel(verb),
  );
}
