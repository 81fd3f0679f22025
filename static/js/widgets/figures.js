// @ts-check
// The four numbers on top; a ledger that nobody can read has none.
import { number } from "../lib/i18n.js";
import { store } from "../lib/store.js";

/** Count now and after every change. @param {HTMLElement} root */
export async function mount(root) {
  const show = () => draw(root);
  // Before that a zero would be invented.
  await store.ready;
  store.subscribe(["tasks", "approvals"], show);
  show();
}

/** @param {HTMLElement} root */
function draw(root) {
  const tasks = store.ledger("task").lost ? null : store.tasks();
  const approvals = store.ledger("approval").lost ? null : store.approvals();
  const count = (/** @type {string[]} */ ...states) =>
    tasks && tasks.filter((task) => states.includes(task.status)).length;
  const figures = {
    "total-tasks": tasks && tasks.length,
    "active-tasks": count("READY", "DOING"),
    "completed-today": count("DONE"),
    "pending-approvals": approvals && approvals.filter((one) => one.status === "pending").length,
  };
  for (const [id, value] of Object.entries(figures)) {
    const place = root.querySelector(`#${id}`);
    if (place) place.textContent = number(value);
  }
}
