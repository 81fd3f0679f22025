// @ts-check
// The box in the bar: jump to a task by its id or a part of its title.

import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { store } from "../lib/store.js";
import { badge } from "../lib/ui.js";

const MOST = 8;
const box = /** @type {HTMLInputElement} */ (document.getElementById("search-box"));
const list = /** @type {HTMLElement} */ (document.getElementById("search-results"));
/** @type {any[]} */
let found = [];
let chosen = 0;

/** Wire the box as a combobox. */
export function start() {
  box.addEventListener("input", search);
  box.addEventListener("focus", search);
  box.addEventListener("keydown", onKey);
  box.addEventListener("blur", close);
  // `mousedown`, so that the box does not lose the focus first.
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const row = /** @type {Element} */ (event.target).closest("[data-task-id]");
    if (row) open(row.getAttribute("data-task-id") || "");
  });
}

function search() {
  const wanted = box.value.trim().toLowerCase();
  found = wanted ? find(wanted) : [];
  chosen = 0;
  draw(wanted);
}

/** @param {string} wanted */
function find(wanted) {
  const rank = (/** @type {any} */ task) => {
    const id = task.id.toLowerCase();
    if (id === wanted) return 0;
    if (id.startsWith(wanted)) return 1;
    return id.includes(wanted) || task.title.toLowerCase().includes(wanted) ? 2 : 3;
  };
  const ranked = store.tasks().map((task) => ({ task, place: rank(task) }));
  return ranked.filter((one) => one.place < 3).sort((one, other) => one.place - other.place)
    .slice(0, MOST).map((one) => one.task);
}

/** @param {string} wanted */
function draw(wanted) {
  list.hidden = !wanted;
  box.setAttribute("aria-expanded", String(Boolean(wanted)));
  fill(list, found.length ? found.map(row) : h("li", { class: "none", role: "option",
    "aria-disabled": "true" }, t("No task has this id or title.")));
  box.setAttribute("aria-activedescendant", found.length ? `found-${chosen}` : "");
}

/** @param {any} task @param {number} place */
const row = (task, place) =>
  h("li", { role: "option", id: `found-${place}`, dataset: { taskId: task.id },
    "aria-selected": String(place === chosen) },
  h("code", null, task.id), h("span", { class: "title" }, task.title), badge(task.status));

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.isComposing) return;
  const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 });
  if (event.key in steps && found.length) {
    event.preventDefault();
    chosen = (chosen + steps[event.key] + found.length) % found.length;
    draw(box.value.trim());
  } else if (event.key === "Enter" && found[chosen]) open(found[chosen].id);
  else if (event.key === "Escape") {
    box.value = "";
    box.blur();
  }
}

/** @param {string} id */
const open = (id) => location.assign(taskUrl(id));

function close() {
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
}
