// @ts-check
// Who logged in, who failed to, who was registered.
import { get } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { stamp, t } from "../lib/i18n.js";
import { keepFresh } from "../lib/section.js";

const LOOK_SECONDS = 30;

/** Show the newest entries of the security log. @param {HTMLElement} root */
export function mount(root) {
  keepFresh(root, () => get("/api/security/audit?limit=100"), ({ logs }) => {
    const rows = logs.length ? logs.map(row) : [nothing()];
    fill(need(root, "#audit-logs"), ...rows);
  }, { seconds: LOOK_SECONDS });
}

function nothing() {
  return h("tr", { class: "empty" }, h("td", { colSpan: 4 }, t("Nobody has logged in yet.")));
}

function row(entry) {
  const words = {
    login_succeeded: t("logged in"),
    login_failed: t("failed to log in"),
    identity_registered: t("was registered"),
  };
  const details = typeof entry.details === "string" ? entry.details : JSON.stringify(entry.details);
  return h("tr", {},
    h("th", { scope: "row" }, stamp(entry.timestamp)),
    h("td", {}, words[entry.action] || entry.action),
    h("td", {}, entry.user || "—"),
    h("td", { class: "wide" }, details));
}
