// @ts-check
// Alerts that last; "dismiss" is an acknowledgement that everybody sees.
import { get, post } from "../lib/api.js";
import { keyed, h } from "../lib/dom.js";
import { reason } from "../lib/edit.js";
import { relative, stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { told } from "../lib/reasons.js";
import { keepFresh } from "../lib/section.js";
import { toast } from "../lib/ui.js";

const SECONDS = 30;
const COLOURS = { critical: "status-fix", warning: "status-review", info: "status-ready" };

/** Show the alerts and keep them true. @param {HTMLElement} root */
export function mount(root) {
  const show = (/** @type {any} */ { alerts }) => draw(root, alerts, look);
  const look = keepFresh(root, () => get("/api/quality/alerts"), show, { seconds: SECONDS });
  live.on("quality_alerts_update", look);
}

/** @param {HTMLElement} root @param {any[]} alerts @param {() => void} look */
function draw(root, alerts, look) {
  const list = /** @type {HTMLElement} */ (root.querySelector("#alerts-container"));
  const none = /** @type {HTMLElement} */ (root.querySelector("[data-none]"));
  none.hidden = alerts.length > 0;
  keyed(list, alerts, (alert) => `${alert.id} ${alert.acknowledged} ${alert.timestamp}`,
    (alert) => line(alert, look));
}

/** @param {any} alert @param {() => void} look */
function line(alert, look) {
  const colour = COLOURS[/** @type {keyof typeof COLOURS} */ (alert.severity)] || "";
  const words = { critical: t("critical"), warning: t("warning"), info: t("info") };
  return h("li", { class: alert.acknowledged ? "acknowledged" : null },
    h("span", { class: `badge ${colour}` }, words[/** @type {keyof typeof words} */ (alert.severity)]
      || alert.severity),
    h("span", { class: "what" }, h("strong", null, told(alert.title)), " ", told(alert.message)),
    h("time", { class: "aside", datetime: alert.first_seen, title: stamp(alert.first_seen) },
      relative(alert.first_seen)),
    alert.acknowledged
      ? h("span", { class: "muted" }, t("seen by {who}", { who: alert.acknowledged_by || "—" }))
      : h("button", { type: "button", class: "btn btn-small",
        "aria-label": t("Dismiss: {title}", { title: told(alert.title) }),
        onclick: () => acknowledge(alert.id, look) }, t("Dismiss")));
}

/** @param {string} id @param {() => void} look */
async function acknowledge(id, look) {
  try {
    await post("/api/monitoring/alerts/acknowledge", { id });
  } catch (error) {
    toast(reason(error), { kind: "error" });
  }
  look();
}
