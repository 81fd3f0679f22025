// @ts-check
// What the monitoring measures, as it measures it.
import { ApiError, get } from "../lib/api.js";
import { lines, openChart } from "../lib/chart.js";
import { fill, h } from "../lib/dom.js";
import { number, stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { has } from "../lib/page.js";
import { told } from "../lib/reasons.js";
import { keepFresh, say } from "../lib/section.js";
import { severityBadge } from "../lib/severity.js";

const MOST_READINGS = 600;
const LOOK_SECONDS = 60;

/** Show readings, charts and alerts. @param {HTMLElement} root */
export function mount(root) {
  const readings = [];
  const draw = openCharts(root);
  const take = (...found) => {
    readings.push(...found.filter((one) => !readings.length || one.timestamp > readings[readings.length - 1].timestamp));
    readings.splice(0, readings.length - MOST_READINGS);
    if (!readings.length) return;
    showReading(root, readings[readings.length - 1]);
    draw(readings.slice());
  };
  live.on("initial_data", (data) => {
    set(root, "systemStatus", data.system_status.monitoring_active ? t("measuring") : t("stopped"));
    take(...data.metrics);
  });
  live.on("metrics_update", (reading) => take(reading));
  live.on("automation_status", (found) => showAutomation(root, found));
  live.onState((state) => {
    set(root, "connectionStatus", words(state));
    if (state === "socket") live.emit("request_initial_data");
  });
  keepFresh(root, readRest, (found) => showRest(root, found, readings), { seconds: LOOK_SECONDS, events: ["new_alert", "alert_update", "dispatcher_started", "dispatcher_stopped", "task_dispatched", "job_finished"] });
}

function words(state) {
  return { connecting: t("connecting"), socket: t("live (socket)"), stream: t("live (event stream)"), offline: t("offline") }[state] || state;
}

function set(root, id, text) {
  root.querySelector(`#${id}`).textContent = text;
}

function showReading(root, one) {
  set(root, "lastUpdate", stamp(one.timestamp));
  set(root, "systemHealth", `${number(one.system_health)} (${healthWord(one.system_health_status)})`);
  set(root, "activeProcesses", number(one.active_processes));
}

function healthWord(status) {
  return { HEALTHY: t("healthy"), CAUTION: t("warning"), CRITICAL: t("critical") }[status] || status;
}

function showAutomation(root, found) {
  set(root, "automationStatus", found.sessions ? t("{count} running", { count: number(found.sessions) }) : t("stopped"));
  set(root, "automationTasks", number(found.active_tasks));
}

async function readRest() {
  const [alerts, leases, learned] = await Promise.all([get("/api/quality/alerts"), get("/api/leases"), readLearned()]);
  return { alerts: alerts.alerts, leases, learned };
}

// Learning is an extra that need not be installed.
async function readLearned() {
  if (!has("learning")) return null;
  try {
    return await get("/api/ml/status");
  } catch (error) {
    if (error instanceof ApiError && error.status === 503) return null;
    throw error;
  }
}

function showRest(root, { alerts, leases, learned }, readings) {
  showAutomation(root, { sessions: leases.dispatcher.processes.length, active_tasks: leases.leases.length });
  set(root, "aiAccuracy", learned && learned.model_count ? `${number(learned.average_accuracy)} %` : "—");
  set(root, "predictionCount", learned ? number(learned.training_data_count) : "—");
  const items = alerts.map((one) => h("li", { class: "alert" }, severityBadge(one.severity),
    h("div", { class: "alert-text" }, h("strong", {}, told(one.title)), h("p", {}, told(one.message)))));
  fill(root.querySelector("#alertContainer"), ...(items.length ? items : [h("li", { class: "empty" }, t("Nothing to warn of."))]));
  if (!readings.length) queueMicrotask(() => readings.length || say(root, t("Waiting for the first reading…")));
}

function openCharts(root) {
  const points = (rows, key) => rows.map((one) => ({ x: Date.parse(one.timestamp), y: one[key] }));
  const load = openChart(root.querySelector("#resourceChart"), (rows) => lines([
    { name: "CPU", points: points(rows, "cpu_usage") },
    { name: t("Memory"), points: points(rows, "memory_usage") },
  ], { unit: " %", max: 100 }), (rows) => t("CPU {cpu} %, memory {memory} %", {
    cpu: number(rows[rows.length - 1].cpu_usage), memory: number(rows[rows.length - 1].memory_usage),
  }));
  const health = openChart(root.querySelector("#qualityChart"), (rows) =>
    lines([{ name: t("Health score"), points: points(rows, "system_health") }], { max: 100 }),
    (rows) => t("{score} of 100", { score: number(rows[rows.length - 1].system_health) }));
  return (rows) => {
    load(rows);
    health(rows);
  };
}
