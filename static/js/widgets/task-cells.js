// @ts-check
// A task's head and cells: id, title, status with its verbs, owner, due, artifact, lock, relations.
import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { setStatus, verbLabel, verbsOf } from "../lib/edit.js";
import { t } from "../lib/i18n.js";
import { store } from "../lib/store.js";
import { authorName } from "../lib/words.js";
import { badge } from "../lib/ui.js";
import { isBlocked, keepFocus, mountCell, valueButton } from "../task/cell.js";
import { authorOf, followTask, isTyping } from "../task/follow.js";
import { dependenciesOf, dependentsOf, milestonesOf } from "../task/relations.js";
import { dueText, lockText } from "../task/when.js";

const TICK_MS = 15_000;

/** Show and edit the section's task. */
export function mount(root) {
  const cells = ["title", "owner", "due", "artifact"].map((name) => cellOf(root, name));
  let task = null;
  followTask(root, (latest) => {
    task = latest || task;
    root.querySelector("[data-gone]").hidden = Boolean(latest);
    if (!task) return;
    for (const cell of cells) cell.update(latest);
    showHead(root, task, Boolean(latest));
    showLock(root, task);
    showRelations(root, task);
  });
  store.subscribe(["tasks", "milestones"], () => task && showRelations(root, task));
  setInterval(() => task && !document.hidden && showLock(root, task), TICK_MS);
  document.addEventListener("keydown", (event) => turnPage(event, root.dataset.taskId));
}

function cellOf(root, name) {
  const box = root.querySelector(`[data-cell="${name}"]`);
  const labelId = `task-${name}-label`;
  return mountCell(box, {
    name,
    labelId,
    show: (shown, task) => fill(shown, shownCell(box, name, task)),
  });
}

function shownCell(box, name, task) {
  const label = box.querySelector(".cell-label").textContent.trim();
  const value = task[name] && task[name] !== "-" ? task[name] : "—";
  if (name === "due") return valueButton(label, dueText(task.due, task.status));
  return valueButton(label, value, name === "artifact" ? "mono" : "");
}

function showHead(root, task, there) {
  const status = root.querySelector("[data-status]");
  const author = authorOf(task);
  fill(
    status,
    badge(task.status),
    author ? h("span", { class: "muted" }, t("changed by {who}", { who: authorName(author) })) : null,
  );
  const buttons = there ? verbsOf(task.status).map((verb) => verbButton(task, verb)) : [];
  const verbs = root.querySelector("[data-verbs]");
  keepFocus(verbs, () => fill(verbs, ...buttons));
  const rows = store.tasks();
  const place = rows.findIndex((one) => one.id === task.id);
  point(root.querySelector("[data-previous]"), rows[place - 1]);
  point(root.querySelector("[data-next]"), place < 0 ? undefined : rows[place + 1]);
}

function verbButton(task, verb) {
  const kind =
    { drop: "btn-danger", promote: "btn-primary", approve_done: "btn-primary" }[verb] || "";
  return h(
    "button",
    {
      type: "button",
      class: `btn btn-small ${kind}`.trim(),
      disabled: isBlocked(),
      dataset: { verb },
      onclick: () => setStatus(store.task(task.id) || task, verb),
    },
    verbLabel(verb),
  );
}

function point(link, task) {
  link.hidden = !task;
  if (!task) return;
  link.href = taskUrl(task.id);
  link.title = `${task.id} ${task.title}`;
}

function showLock(root, task) {
  const text = lockText(task);
  const row = root.querySelector("[data-lock]");
  row.textContent = text || "—";
  row.classList.toggle("overdue", isOver(task));
}

function isOver(task) {
  return Boolean(task.lock && task.lock !== "-" && Date.parse(task.lock_expires_at) <= Date.now());
}

function showRelations(root, task) {
  list(root.querySelector("[data-needs]"), dependenciesOf(task), taskLink);
  list(root.querySelector("[data-needed]"), dependentsOf(task), (one) =>
    taskLink({ id: one.id, task: one }),
  );
  list(root.querySelector("[data-milestones]"), milestonesOf(task), (one) =>
    h("span", {}, h("span", { class: "mono" }, one.ms_id), ` ${one.name}`),
  );
}

function list(place, items, render) {
  fill(
    place,
    ...(items.length
      ? [h("ul", { class: "inline-list" }, ...items.map((one) => h("li", {}, render(one))))]
      : ["—"]),
  );
}

function taskLink({ id, task }) {
  if (!task) return h("span", { class: "overdue" }, t("{id} (not in the ledger)", { id }));
  return h(
    "a",
    { href: taskUrl(id), title: task.title },
    h("span", { class: "mono" }, id),
    " ",
    badge(task.status),
  );
}

function turnPage(event, id) {
  if (isTyping(event) || (event.key !== "j" && event.key !== "k")) return;
  const rows = store.tasks();
  const place = rows.findIndex((one) => one.id === id);
  const next = place < 0 ? undefined : rows[place + (event.key === "j" ? 1 : -1)];
  if (next) location.assign(taskUrl(next.id) + location.search);
}
