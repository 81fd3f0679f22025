// @ts-check
// The timeline: milestones, then tasks, from the journal's starts to their due dates.
import { get, taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { day, number, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { explain, say } from "../lib/section.js";
import { store } from "../lib/store.js";
import { statusClass } from "../lib/ui.js";
import { windowed } from "../lib/window.js";
import { isFinished, milestoneRow, taskRow } from "../gantt/rows.js";
import { fittingUnit, headCells, makeScale, midnight, openAt, outside } from "../gantt/scale.js";

const SCALES = ["day", "week", "month"];
const ROW_PX = 34;
const SETTLE_MS = 400;

/** Show the timeline; scale and filter stand in the URL. @param {HTMLElement} root */
export async function mount(root) {
  const chart = /** @type {HTMLElement} */ (root.querySelector("#gantt-chart"));
  const view = { root, chart, spans: {}, rows: makeList(chart), scale: null, placed: false };
  wire(view);
  await store.ready;
  await readSpans(view);
  draw(view);
  store.subscribe(["tasks", "milestones"], settle(async () => {
    await readSpans(view);
    draw(view);
  }));
}

function makeList(chart) {
  return windowed({
    scroller: chart,
    list: chart.querySelector(".gantt-rows"),
    keyOf: (shown) => shown.row.key,
    render: (shown) => render(shown),
    update: (node, shown) => node.replaceChildren(...render(shown).childNodes),
    gap: () => h("li", { class: "gantt-gap", "aria-hidden": "true" }),
    step: () => ROW_PX,
  });
}

function wire(view) {
  const finished = view.root.querySelector("#gantt-finished");
  finished.checked = query.get("finished") === "1";
  finished.addEventListener("change", () => {
    query.set({ finished: finished.checked ? "1" : null });
    draw(view);
  });
  for (const button of view.root.querySelectorAll("[data-scale]")) {
    button.addEventListener("click", () => {
      query.set({ scale: button.dataset.scale });
      view.placed = false;
      draw(view);
    });
  }
  view.chart.addEventListener("scroll", () => tellOutside(view), { passive: true });
  view.root.querySelector("#gantt-today").addEventListener("click", () => {
    view.chart.scrollLeft = openAt([], todayOf(view.scale), roomOf(view.chart));
  });
}

async function readSpans(view) {
  try {
    view.spans = (await get("/api/stats/spans")).spans;
  } catch (error) {
    say(view.root, explain(error));
  }
}

function settle(work) {
  let waiting = 0;
  return () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(work, SETTLE_MS);
  };
}

function draw(view) {
  const today = /** @type {Date} */ (midnight(new Date()));
  const wanted = query.get("scale") ?? "";
  const rows = rowsOf(view, today);
  view.chart.hidden = !rows.length;
  const days = rows.flatMap(daysOf);
  const room = roomOf(view.chart);
  const unit = /** @type {any} */ (SCALES.includes(wanted) ? wanted : fittingUnit(days, today, room));
  view.scale = makeScale(days, today, unit, room);
  view.spots = rows.map((row) => spotOf(row, view.scale));
  for (const button of view.root.querySelectorAll("[data-scale]")) {
    button.setAttribute("aria-pressed", String(button.dataset.scale === unit));
  }
  say(view.root, rows.length ? "" : nothing());
  drawHead(view, today);
  view.rows.show(rows.map((row) => ({ row, scale: view.scale })));
  if (!view.placed && rows.length) place(view);
  tellOutside(view);
}

/** @param {import("../gantt/rows.js").Row} row */
const daysOf = (row) => [row.due, row.start, row.end, ...row.bars.flatMap((bar) => [bar.from, bar.to])];

/** Return what is seen of the days, px. @param {HTMLElement} chart */
function roomOf(chart) {
  const names = chart.querySelector(".gantt-corner")?.getBoundingClientRect().width ?? 0;
  return Math.max(0, chart.clientWidth - names);
}

function spotOf(row, scale) {
  // A bar that reaches in from outside does not show where the row's own dates are.
  const places = [row.due, row.start, row.end].filter(Boolean).map((date) => scale.x(date));
  return { from: Math.min(...places), to: Math.max(...places) + scale.dayWidth };
}

function tellOutside(view) {
  const { earlier, later } = outside(view.spots ?? [], view.chart.scrollLeft, roomOf(view.chart));
  const words = [earlier && t("← {count} earlier", { count: number(earlier) }), later && t("{count} later →", { count: number(later) })];
  view.root.querySelector("#gantt-outside").textContent = view.chart.hidden ? "" : words.filter(Boolean).join(" · ");
}

function nothing() {
  return store.tasks().length
    ? t("No open task has a due date or a start. Show finished tasks too, or give tasks a due date.")
    : t("There are no tasks yet.");
}

function rowsOf(view, today) {
  const all = view.root.querySelector("#gantt-finished").checked;
  const tasks = store.tasks().filter((task) => all || !isFinished(task));
  const rows = tasks.map((task) => taskRow(task, view.spans[task.id], today)).filter((row) => row.due || row.start);
  rows.sort((one, other) => when(one) - when(other));
  return [...store.milestones().map(milestoneRow).filter((row) => row.due), ...rows];
}

const when = (row) => (row.start || row.due).getTime();

function drawHead(view, today) {
  const { scale, chart } = view;
  const { top, bottom } = headCells(scale);
  chart.style.setProperty("--gantt-width", `${scale.width}px`);
  chart.style.setProperty("--gantt-today", `${scale.x(today) + scale.dayWidth / 2}px`);
  chart.style.setProperty("--gantt-unit", `${scale.dayWidth * { day: 1, week: 7, month: 30.44 }[scale.unit]}px`);
  const cell = (one) => h("span", { class: one.weekend && scale.unit === "day" ? "gantt-cell weekend" : "gantt-cell", style: { left: `${one.left}px`, width: `${one.width}px` } }, one.text);
  fill(chart.querySelector(".gantt-scale"), h("div", { class: "gantt-top" }, ...top.map(cell)), h("div", { class: "gantt-bottom" }, ...bottom.map(cell)));
}

/** @param {ReturnType<typeof makeScale>} scale */
const todayOf = (scale) => scale.x(/** @type {Date} */ (midnight(new Date())));

function place(view) {
  view.placed = true;
  const { scale, chart } = view;
  const places = (view.spots ?? []).flatMap(({ from, to }) => [from, to]);
  chart.scrollLeft = openAt(places, todayOf(scale), roomOf(chart));
}

function render({ row, scale }) {
  const name = row.milestone
    ? h("span", { class: "gantt-name" }, h("code", {}, row.id), " ", row.title)
    : h("a", { class: "gantt-name", href: taskUrl(row.id), title: row.title }, h("code", {}, row.id), " ", row.title);
  return h("li", { class: row.milestone ? "gantt-row gantt-milestone-row" : "gantt-row" },
    name,
    h("div", { class: "gantt-track" },
      h("span", { class: "visually-hidden" }, words(row)),
      ...row.bars.map((bar) => barOf(row, bar, scale)),
      row.due ? mark(row, scale) : ""));
}

function barOf(row, bar, scale) {
  const left = scale.x(bar.from);
  const width = Math.max(scale.x(bar.to) + scale.dayWidth - left, 4);
  const colour = bar.kind === "worked" ? statusClass(row.status) : "";
  return h("span", { class: `gantt-bar gantt-${bar.kind} ${colour}`, title: words(row), style: { left: `${left}px`, width: `${width}px` } });
}

function mark(row, scale) {
  const kind = row.milestone ? "gantt-diamond" : "gantt-due";
  return h("span", { class: kind, title: words(row), style: { left: `${scale.x(row.due) + scale.dayWidth / 2}px` } });
}

function words(row) {
  const parts = [
    row.milestone ? t("milestone {status}", { status: row.status }) : row.status,
    row.start ? t("from {start}", { start: day(row.start.toISOString()) }) : "",
    row.end ? t("to {end}", { end: day(row.end.toISOString()) }) : "",
    row.due ? t("due {due}", { due: day(row.due.toISOString()) }) : "",
    row.late ? t("{count} days overdue", { count: number(row.late) }) : "",
  ];
  return parts.filter(Boolean).join(", ");
}
