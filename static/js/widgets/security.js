// @ts-check
// How safe this installation is set up, check by check.
import { get } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { keepFresh } from "../lib/section.js";

const LOOK_SECONDS = 30;

/** Show state, checks and settings. @param {HTMLElement} root */
export function mount(root) {
  const show = (found) => {
    set(root, "#overall-status", wordFor(found));
    set(root, "#security-score", t("{score} of 100", { score: number(found.security_score) }));
    set(root, "#active-sessions", number(found.active_sessions));
    set(root, "#failed-attempts", number(found.failed_login_attempts));
    fill(need(root, "#security-checks"), ...Object.entries(found.checks).map(check));
    fill(need(root, "#security-policies"), ...Object.entries(found.security_policies).flatMap(policy));
  };
  keepFresh(root, () => get("/api/security/status"), show, { seconds: LOOK_SECONDS });
}

function set(root, selector, text) {
  root.querySelector(selector).textContent = text;
}

/** A missing check is not "healthy", however many others are fulfilled. */
function wordFor({ overall_status: said, checks }) {
  const state = said === "healthy" && Object.values(checks).includes(false) ? "warning" : said;
  return { healthy: t("healthy"), warning: t("warning"), critical: t("critical") }[state] || state;
}

function check([name, fulfilled]) {
  const words = {
    token_authentication: t("People and agents log in (ORCH_AUTH=token)"),
    no_wildcard_origin: t("No foreign site may call this server"),
    encrypted_or_local: t("The connection is encrypted, or does not leave this machine"),
    few_failed_logins: t("Few failed logins in the last 24 hours"),
    no_secret_in_files: t("No secret stands in a file of the MOC root"),
  };
  return h("li", { class: fulfilled ? "check-ok" : "check-missing" },
    h("span", { class: "check-mark", "aria-hidden": "true" }, fulfilled ? "✓" : "✗"),
    h("span", { class: "visually-hidden" }, fulfilled ? t("fulfilled:") : t("missing:")),
    ` ${words[name] || name}`);
}

function policy([name, value]) {
  const words = {
    auth: t("Logging in"),
    trusted_hosts: t("Trusted host names"),
    cors_origins: t("Foreign sites allowed"),
    max_body_bytes: t("Longest request body, bytes"),
    password_min_length: t("Shortest password, characters"),
    logins_per_minute: t("Login tries per minute"),
  };
  const text = Array.isArray(value) ? value.join(", ") || t("none") : String(value);
  return [h("dt", {}, words[name] || name), h("dd", {}, h("code", {}, text))];
}
