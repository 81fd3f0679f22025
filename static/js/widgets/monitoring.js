// @ts-check
// The host and the server: now, and over the last hours.
import { get } from "../lib/api.js";
import { lines, openChart } from "../lib/chart.js";
import { duration, number, percent, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { query } from "../lib/query.js";
import { keepFresh } from "../lib/section.js";

const LOOK_SECONDS = 15;
const CHART_SECONDS = 60;

/** Show readings and charts. @param {HTMLElement} root */
export function mount(root) {
  const hours = /** @type {HTMLSelectElement} */ (root.querySelector("#monitoring-hours"));
  hours.value = query.get("hours") || "24";
  if (!hours.value) hours.value = "24";
  const show = openCharts(root, () => Number(hours.value) * 3600000);
  keepFresh(root, () => get("/api/monitoring/status"), ({ data }) => showNow(root, data), { seconds: LOOK_SECONDS });
  live.on("monitoring_update", (reading) => showReading(root, reading));
  const read = () => get(`/api/monitoring/metrics/history?hours=${hours.value}&type=all`);
  const draw = keepFresh(root, read, ({ data }) => show(data), { seconds: CHART_SECONDS });
  hours.addEventListener("change", () => {
    query.set({ hours: hours.value === "24" ? null : hours.value });
    draw();
  });
}

function showNow(root, data) {
  const words = { healthy: t("healthy"), warning: t("warning"), critical: t("critical"), error: t("error") };
  set(root, "system-status", words[data.overall_status] || data.overall_status);
  set(root, "error-rate", percent(data.error_rate));
  set(root, "test-coverage", percent(data.test_coverage));
  set(root, "uptime", duration(data.uptime));
  showReading(root, data.metrics);
}

function showReading(root, reading) {
  set(root, "cpu-usage", share(reading.cpu_usage));
  set(root, "memory-usage", share(reading.memory_usage));
  set(root, "disk-usage", share(reading.disk_usage));
  const seconds = reading.avg_response_time;
  set(root, "response-time", seconds === null || seconds === undefined ? "—" : `${number(Math.round(seconds * 10000) / 10)} ms`);
}

const share = (value) => (value === null || value === undefined ? "—" : `${number(value)} %`);

function set(root, id, text) {
  root.querySelector(`#${id}`).textContent = text;
}

function openCharts(root, span) {
  const at = (one) => Date.parse(one.timestamp);
  const column = (rows, name, key, scale = 1) => ({ name, points: rows.map((one) => ({ x: at(one), y: one[key] === null ? null : one[key] * scale })) });
  const period = () => ({ from: Date.now() - span(), to: Date.now() });
  const usage = openChart(root.querySelector("#performanceChart"), (rows) => lines([
    column(rows, "CPU", "cpu_usage"),
    column(rows, t("Memory"), "memory_usage"),
    column(rows, t("Disk"), "disk_usage"),
  ], { unit: " %", max: 100, ...period() }), tellUsage);
  const times = openChart(root.querySelector("#responseTimeChart"), (rows) =>
    lines([column(rows, t("Answer time"), "response_time", 1000)], { unit: " ms", ...period() }), tellTimes);
  return (data) => {
    usage(data.performance);
    times(data.response_times);
  };
}

function tellUsage(rows) {
  const last = rows[rows.length - 1];
  if (!last) return t("Nothing has been measured in this period yet.");
  return t("{count} readings; the last: CPU {cpu} %, memory {memory} %, disk {disk} %", {
    count: number(rows.length), cpu: number(last.cpu_usage), memory: number(last.memory_usage), disk: number(last.disk_usage),
  });
}

function tellTimes(rows) {
  const last = rows[rows.length - 1];
  if (!last) return t("Nothing has been measured in this period yet.");
  return t("{count} readings; the last: {time} ms", { count: number(rows.length), time: number(Math.round(last.response_time * 10000) / 10) });
}
