// @ts-check
// The rules that are checked over the MOC root, and how many places break each.
import { get } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { number, relative, stamp, t } from "../lib/i18n.js";
import { told } from "../lib/reasons.js";
import { keepFresh } from "../lib/section.js";
import { severityBadge } from "../lib/severity.js";

const LOOK_SECONDS = 30;

/** Show the table of rules. @param {HTMLElement} root */
export function mount(root) {
  const body = need(root, "#rules-body");
  const summary = need(root, "#rules-summary");
  keepFresh(root, () => get("/api/rules"), ({ rules, statistics }) => {
    fill(body, ...rules.map(row));
    summary.textContent = t("{active} of {total} rules checked, {violations} open violations", {
      active: number(statistics.active_rules),
      total: number(statistics.total_rules),
      violations: number(statistics.total_violations),
    });
  }, { seconds: LOOK_SECONDS });
}

function row(rule) {
  return h("tr", {},
    h("th", { scope: "row" }, h("span", { class: "title" }, nameOf(rule)), h("code", { class: "muted" }, rule.key)),
    h("td", {}, severityBadge(rule.severity)),
    h("td", {}, rule.status === "active" ? t("checked") : t("not checked"), why(rule)),
    h("td", { class: "num" }, number(rule.violations)),
    h("td", { class: "nowrap", title: rule.last_check ? stamp(rule.last_check) : "" }, rule.last_check ? relative(rule.last_check) : "—"),
  );
}

function why(rule) {
  return rule.problem ? h("span", { class: "notes" }, told(rule.problem)) : "";
}

/** Say in the reader's language what a rule wants. */
export function nameOf(rule) {
  const names = {
    eol: t("Text files end their lines with LF"),
    python: t("Python code is formatted as ruff does"),
    powershell: t("PowerShell scripts that change things default to a dry run"),
    backup: t("The ledgers have a backup or a git history"),
    secrets: t("No passwords or keys stand in files"),
    encoding: t("Text files are UTF-8"),
    evidence: t("The evidence of approvals exists"),
    ledger: t("The ledgers' values follow the conventions"),
  };
  return names[rule.key] || rule.description || rule.name;
}
