// @ts-check
// The states with their tasks, and how often tasks really moved from one to another.
import { get, taskUrl } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { keepFresh } from "../lib/section.js";
import { badge, statusClass } from "../lib/ui.js";

const SHOWN = { compact: 4, full: 12 };
const LOOK_SECONDS = 60;

/** Show states and moves. @param {HTMLElement} root */
export function mount(root) {
  const most = SHOWN[root.dataset.form === "full" ? "full" : "compact"];
  keepFresh(root, () => get("/api/v3/task-flow"), ({ nodes, edges }) => {
    fill(need(root, "#workflow-container"), ...nodes.map((node) => column(node, most)));
    const table = root.querySelector("#flow-moves");
    if (table) showMoves(table, nodes.map((node) => node.id), edges);
  }, { seconds: LOOK_SECONDS, events: ["task_updated", "reset"] });
  wireTask(root);
}

function column(node, most) {
  const more = node.count - Math.min(node.tasks.length, most);
  return h("li", { class: `workflow-node ${statusClass(node.id)}` },
    h("h3", {}, badge(node.id), " ", h("span", { class: "count" }, number(node.count))),
    h("ul", {}, ...node.tasks.slice(0, most).map((task) =>
      h("li", {}, h("a", { href: taskUrl(task.id), title: task.title }, h("code", {}, task.id), " ", task.title))),
      more > 0 ? h("li", { class: "muted" }, t("and {count} more", { count: number(more) })) : ""));
}

function showMoves(table, states, edges) {
  const counts = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge.count]));
  const used = states.filter((state) => edges.some((edge) => edge.from === state || edge.to === state));
  if (!used.length) {
    fill(table.tHead);
    fill(table.tBodies[0], h("tr", { class: "empty" }, h("td", {}, t("No task has moved yet since the history began."))));
    return;
  }
  fill(table.tHead, h("tr", {}, h("td", {}), ...used.map((state) => h("th", { scope: "col" }, state))));
  fill(table.tBodies[0], ...used.map((from) => h("tr", {}, h("th", { scope: "row" }, from),
    ...used.map((to) => h("td", { class: "num" }, counts.has(`${from} ${to}`) ? number(counts.get(`${from} ${to}`)) : "")))));
}

function wireTask(root) {
  const form = root.querySelector("#flow-task-form");
  if (!form) return;
  const input = form.querySelector("#flow-task");
  input.value = query.get("task") || "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    query.set({ task: input.value.trim() || null });
  });
}
