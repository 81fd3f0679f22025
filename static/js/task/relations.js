// @ts-check
// What a task's notes and the milestones say about its neighbours (docs/dispatcher.md).
import { store } from "../lib/store.js";

const DEPENDS =
  /(?<![0-9A-Za-z_])depends\s*=\s*([^\s,、・;；。|()「」]+(?:\s*[,、]\s*[^\s,、・;；。|()「」]+)*)/gi;
const MODEL = /(?<![0-9A-Za-z_])model\s*[:：=]\s*([^\s,、・;；。|]+)/i;

/** Return the ids that `depends=003,004` of the notes names, in order, each once. */
export function dependsOn(notes) {
  const plain = (notes || "").replaceAll("＝", "=").replaceAll("，", ",");
  const found = new Set();
  for (const match of plain.matchAll(DEPENDS)) {
    for (const id of match[1].split(/\s*[,、]\s*/)) found.add(id);
  }
  return [...found];
}

/** Return what a task waits for: `{id, task}`, the task undefined when no row has the id. */
export function dependenciesOf(task) {
  return dependsOn(task.notes).map((id) => ({ id, task: store.task(id) }));
}

/** Return the tasks that wait for this one. */
export function dependentsOf(task) {
  return store
    .tasks()
    .filter((other) => other.notes.includes(task.id) && dependsOn(other.notes).includes(task.id));
}

/** Return the milestones that list this task. */
export function milestonesOf(task) {
  return store.milestones().filter((one) => one.task_ids.includes(task.id));
}

/** Return the model that the notes name (`model: name`), or "". */
export function modelOf(task) {
  const found = MODEL.exec(task.notes || "");
  return found ? found[1] : "";
}
