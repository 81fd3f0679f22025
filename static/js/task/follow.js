// @ts-check
// What the parts of a task's page share: the task as it is now, and who changed it last.
import { live } from "../lib/live.js";
import { store } from "../lib/store.js";

/** @type {Map<string, {actor: string, source: string}>} by record id and revision */
const authors = new Map();
const MOST_AUTHORS = 500;

live.on("task_updated", (event) => {
  if (authors.size >= MOST_AUTHORS) authors.clear();
  authors.set(`${event.id} ${event.rev}`, { actor: event.actor, source: event.source });
});

/** Return who made this revision of the task, as far as this page heard of it, else null. */
export function authorOf(task) {
  return authors.get(`${task.id} ${task.rev}`) || null;
}

/** Call `show` with the section's task (undefined: it is gone) now and after every change of it. */
export async function followTask(root, show) {
  const id = root.dataset.taskId;
  await store.ready;
  show(store.task(id));
  return store.subscribe(["tasks"], ({ tasks }) => {
    if (!tasks || tasks.has(id)) show(store.task(id));
  });
}

// After "g" the next key names a place (shell/keys.js).
const PLACE_MS = 1_200;
let placing = -PLACE_MS;
document.addEventListener(
  "keydown",
  (event) => {
    const isSecond = performance.now() - placing < PLACE_MS;
    placing =
      event.key === "g" && !isSecond
        ? performance.now()
        : isSecond && !event.repeat
          ? placing
          : -PLACE_MS;
  },
  true,
);

/** Tell whether a key stroke belongs to what is typed or to a dialog, not to the page. */
export function isTyping(event) {
  if (event.defaultPrevented || event.isComposing) return true;
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (performance.now() - placing < PLACE_MS) return true;
  const at = event.target instanceof Element ? event.target : null;
  return Boolean(
    document.querySelector("dialog[open]") ||
    at?.closest("input, textarea, select, [contenteditable]"),
  );
}
