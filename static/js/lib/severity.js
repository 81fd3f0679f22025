// @ts-check
// Severities in words and colours.
import { h } from "./dom.js";
import { t } from "./i18n.js";

/** Return a badge for `critical`, `high`, `medium`, `low` and their like. */
export function severityBadge(severity) {
  const words = {
    critical: t("critical"),
    high: t("high"),
    medium: t("medium"),
    low: t("low"),
    warning: t("warning"),
    info: t("info"),
  };
  const known = words[severity] ? severity : "info";
  return h("span", { class: `badge severity severity-${known}` }, words[severity] || String(severity));
}
