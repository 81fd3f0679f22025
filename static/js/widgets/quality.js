// @ts-check
// The quality figures: measured in the background, told by events.
import { get } from "../lib/api.js";
import { number, percent, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { keepFresh } from "../lib/section.js";

const SECONDS = 30;

/** Show the figures and keep them true. @param {HTMLElement} root */
export function mount(root) {
  const set = (/** @type {string} */ id, /** @type {string} */ text) => {
    const place = root.querySelector(`#${id}`);
    if (place) place.textContent = text;
  };
  const metrics = (/** @type {any} */ found) => {
    set("task-completion-rate", percent(found.task_completion_rate));
    set("approval-rate", percent(found.approval_rate));
    set("system-health-score", t("{score} of 100", { score: number(found.system_health_score) }));
  };
  const alerts = (/** @type {any} */ found) => set("active-alerts", number(found.alerts.length));
  const read = () => Promise.all([get("/api/quality/metrics"), get("/api/quality/alerts")]);
  keepFresh(root, read, ([now, warned]) => (metrics(now), alerts(warned)), { seconds: SECONDS });
  live.on("quality_metrics_update", metrics);
  live.on("quality_alerts_update", alerts);
}
