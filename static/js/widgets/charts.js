// @ts-check
// Statistics from ledgers and journal: states now, throughput, lead time, time in state.
import { get } from "../lib/api.js";
import { bars, doughnut, openChart } from "../lib/chart.js";
import { fill, h } from "../lib/dom.js";
import { day, duration, number, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { keepFresh } from "../lib/section.js";

const STATES = ["PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP"];
const DECISIONS = ["pending", "approved", "rejected", "expired"];
const DECISION_COLOURS = { pending: "review", approved: "done", rejected: "fix", expired: "drop" };
const LOOK_SECONDS = 60;

/** Show the statistics of the chosen period. @param {HTMLElement} root */
export function mount(root) {
  const days = /** @type {HTMLSelectElement | null} */ (root.querySelector("#charts-days"));
  if (days) days.value = query.get("days") || "30";
  if (days && !days.value) days.value = "30";
  const charts = openCharts(root);
  const read = () => get(`/api/stats?days=${days ? days.value : 30}`);
  const look = keepFresh(root, read, (found) => show(root, charts, found), {
    seconds: LOOK_SECONDS, events: ["task_updated", "approval_updated", "reset"],
  });
  days?.addEventListener("change", () => {
    query.set({ days: days.value === "30" ? null : days.value });
    look();
  });
}

function openCharts(root) {
  const throughput = root.querySelector("#throughputChart");
  return {
    tasks: openChart(root.querySelector("#taskStatusChart"), doughnut, tellCounts),
    approvals: openChart(root.querySelector("#approvalStatusChart"), (parts) => bars(parts.map((one) => one.name), [{ name: t("Approvals"), values: parts.map((one) => one.value), colours: parts.map((one) => one.colour) }]), tellCounts),
    throughput: throughput && openChart(throughput, drawThroughput, tellThroughput),
  };
}

function show(root, charts, found) {
  charts.tasks(partsOf(found.counts.tasks, STATES, (state) => `--status-${state.toLowerCase()}-fg`));
  charts.approvals(partsOf(found.counts.approvals, DECISIONS, (state) => `--status-${DECISION_COLOURS[state]}-fg`));
  charts.throughput?.(found.throughput);
  const body = root.querySelector("#durations tbody");
  if (body) fill(body, ...durations(found));
}

// Unknown states come last, in the colour of plain text.
function partsOf(counts, order, colourOf) {
  const names = [...order, ...Object.keys(counts).filter((name) => !order.includes(name))];
  return names.filter((name) => counts[name]).map((name) => ({
    name, value: counts[name], colour: order.includes(name) ? colourOf(name) : "--muted",
  }));
}

function tellCounts(parts) {
  return parts.length ? parts.map((one) => `${one.name} ${number(one.value)}`).join(", ") : t("none");
}

function drawThroughput(rows) {
  return bars(rows.map((row) => day(row.day)), [
    { name: t("created"), values: rows.map((row) => row.created), colours: ["--status-ready-fg"] },
    { name: t("done"), values: rows.map((row) => row.done), colours: ["--status-done-fg"] },
  ]);
}

function tellThroughput(rows) {
  const sum = (key) => number(rows.reduce((all, row) => all + row[key], 0));
  return t("{created} tasks created and {done} done in {days} days", { created: sum("created"), done: sum("done"), days: number(rows.length) });
}

function durations(found) {
  const rows = [
    [t("Lead time (creation to DONE)"), found.lead_time],
    ...STATES.filter((state) => found.time_in_state[state]).map((state) => [t("in {state}", { state }), found.time_in_state[state]]),
  ];
  return rows.map(([name, one]) => h("tr", {}, h("th", { scope: "row" }, name),
    ...[number(one.count), duration(one.median), duration(one.mean), duration(one.p90)].map((text) => h("td", { class: "num" }, text))));
}
