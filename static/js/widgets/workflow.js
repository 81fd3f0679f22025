// @ts-check
// How work goes round: what each core has, how often tasks moved on, and the tasks on their way.
import { get, taskUrl } from "../lib/api.js";
import { fill, svg } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { explain, keepFresh, say } from "../lib/section.js";
import { store } from "../lib/store.js";
import { statusClass } from "../lib/ui.js";

// Which moves of the journal go along which pipe (contract 3.3).
const PIPES = {
  "moves-cmd-work": [["PLAN", "READY"], ["READY", "DOING"]],
  "moves-work-audit": [["DOING", "REVIEW"], ["FIX", "REVIEW"]],
  "moves-audit-cmd": [["REVIEW", "DONE"]],
  "moves-audit-work": [["REVIEW", "FIX"]],
};
// Two each, as in the legacy, beside the core that has them.
const SHOWN = [["DOING", 294], ["REVIEW", 604], ["READY", 152], ["PLAN", 8]];
const EACH = 2;
const ROOM = 9;
const NODE = { width: 108, height: 26, top: 158, step: 30 };

/** Draw the cores and what is between them. @param {HTMLElement} root */
export async function mount(root) {
  const drawTasks = () => showTasks(root);
  keepFresh(root, () => get("/api/v3/task-flow"), ({ edges }) => showMoves(root, edges), { seconds: 60, events: ["task_updated"] });
  try {
    await store.ready;
  } catch (error) {
    say(root, explain(error));
  }
  drawTasks();
  store.subscribe(["tasks", "approvals"], drawTasks);
}

function showMoves(root, edges) {
  const counts = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge.count]));
  for (const [id, moves] of Object.entries(PIPES)) {
    const sum = moves.reduce((all, [from, to]) => all + (counts.get(`${from} ${to}`) || 0), 0);
    root.querySelector(`#${id}`).textContent = sum ? t("{count} times", { count: number(sum) }) : "";
  }
}

function showTasks(root) {
  const tasks = store.tasks();
  const of = (...statuses) => tasks.filter((task) => statuses.includes(task.status));
  const pending = store.approvals().filter((row) => row.status === "pending").length;
  load(root, "cmd-node", t("{count} planned", { count: number(of("PLAN", "READY").length) }));
  load(root, "work-node", t("{count} in work", { count: number(of("DOING").length) }));
  load(root, "audit-node", t("{count} to approve", { count: number(pending) }));
  root.querySelector("#workflow-stats").textContent = t("{open} open, {done} done", {
    open: number(tasks.length - of("DONE", "DROP").length), done: number(of("DONE").length),
  });
  fill(root.querySelector("#task-nodes"), ...SHOWN.flatMap(([status, x]) => of(status).slice(0, EACH).map((task, at) => node(task, Number(x), at))));
}

function load(root, id, text) {
  root.querySelector(`#${id} .core-load`).textContent = text;
}

function node(task, x, at) {
  const y = NODE.top + at * NODE.step;
  const link = svg("a", { href: taskUrl(task.id), "aria-label": `${task.id} ${short(task.title)} ${task.status}` },
    svg("title", {}, `${task.id} ${task.title}`),
    svg("rect", { x, y, width: NODE.width, height: NODE.height, rx: 5 }),
    svg("text", { x: x + 8, y: y + 17 }, `${task.id} ${short(task.title, task.id)}`));
  return svg("g", { class: `task-node ${statusClass(task.status)}`, "data-task-id": task.id }, link);
}

// About as much as fits beside the id: a full-width character is two wide, so is a capital nearly.
function short(text, id = "") {
  let room = ROOM - Math.max(0, id.length - 3);
  let shown = "";
  for (const letter of text) {
    room -= letter > "⺀" ? 2 : /[A-Z@%WMm…—]/.test(letter) ? 1.4 : 1;
    if (room < 0) return `${shown}…`;
    shown += letter;
  }
  return shown;
}
