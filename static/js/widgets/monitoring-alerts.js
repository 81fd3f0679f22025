// @ts-check
// What the monitoring warns of, and who has seen it.
import { get, post } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { number, relative, stamp, t } from "../lib/i18n.js";
import { told } from "../lib/reasons.js";
import { allowedTo } from "../lib/role.js";
import { explain, keepFresh } from "../lib/section.js";
import { severityBadge } from "../lib/severity.js";
import { toast } from "../lib/ui.js";

const LOOK_SECONDS = 30;
const EVENTS = ["new_alert", "alert_update", "quality_alerts_update"];

/** Show the alerts. @param {HTMLElement} root */
export function mount(root) {
  const look = keepFresh(root, () => get("/api/monitoring/alerts"), ({ data }) => show(root, data), { seconds: LOOK_SECONDS, events: EVENTS });
  need(root, "#alerts-list").addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button[data-alert]");
    if (button instanceof HTMLElement) acknowledge(button.dataset.alert, look);
  });
}

function show(root, data) {
  root.querySelector("#active-alerts").textContent = t("{count} active", { count: number(data.active_count) });
  root.querySelector("#daily-alerts").textContent = t("{count} in 24 hours", { count: number(data.daily_count) });
  const items = data.recent_alerts.map(item);
  fill(root.querySelector("#alerts-list"), ...(items.length ? items : [h("li", { class: "empty" }, t("Nothing to warn of."))]));
}

function item(alert) {
  const times = alert.active
    ? t("since {first}", { first: relative(alert.first_seen) })
    : t("over since {last}", { last: relative(alert.ended || alert.last_seen) });
  return h("li", { class: alert.active ? "alert" : "alert alert-over" },
    severityBadge(alert.severity),
    h("div", { class: "alert-text" }, h("strong", {}, told(alert.title)), h("p", {}, told(alert.message)),
      h("span", { class: "muted", title: stamp(alert.first_seen) }, times, alert.acknowledged ? ` · ${seenBy(alert)}` : "")),
    alert.active && !alert.acknowledged
      ? h("button", { type: "button", class: "btn btn-small", dataset: { alert: alert.id }, ...allowedTo("write"), "aria-label": `${t("Acknowledge")}: ${told(alert.title)}` }, t("Acknowledge"))
      : "");
}

function seenBy(alert) {
  return alert.acknowledged_by ? t("seen by {name}", { name: alert.acknowledged_by }) : t("seen");
}

async function acknowledge(id, look) {
  try {
    await post("/api/monitoring/alerts/acknowledge", { id });
  } catch (error) {
    toast(explain(error), { kind: "error" });
  }
  look();
}
