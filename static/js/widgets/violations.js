// @ts-check
// Where the rules are broken: file, line, since when.
import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { relative, stamp, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { told } from "../lib/reasons.js";
import { keepFresh, say } from "../lib/section.js";
import { severityBadge } from "../lib/severity.js";
import { nameOf } from "./rules.js";

const LOOK_SECONDS = 30;
const MOST = 500;

/** Show the violations, filtered as the URL says. @param {HTMLElement} root */
export function mount(root) {
  const status = /** @type {HTMLSelectElement} */ (root.querySelector("#violations-status"));
  const rule = /** @type {HTMLSelectElement} */ (root.querySelector("#violations-rule"));
  status.value = query.get("status") || "open";
  const read = () => readNamed(status.value || "open");
  const look = keepFresh(root, read, ({ violations }) => show(root, rule, violations), { seconds: LOOK_SECONDS });
  status.addEventListener("change", () => {
    query.set({ status: status.value === "open" ? null : status.value });
    look();
  });
  rule.addEventListener("change", () => {
    query.set({ rule: rule.value || null });
    look();
  });
}

async function readNamed(status) {
  const path = `/api/rules/violations?limit=${MOST}&status=${encodeURIComponent(status)}`;
  const [{ violations }, { rules }] = await Promise.all([get(path), get("/api/rules")]);
  const names = new Map(rules.map((rule) => [rule.id, nameOf(rule)]));
  const named = violations.map((one) => ({ ...one, rule_name: names.get(one.rule_id) || one.rule_name }));
  return { violations: named };
}

function show(root, select, violations) {
  const wanted = select.options.length > 1 ? select.value : query.get("rule") || "";
  offer(select, violations, wanted);
  const shown = violations.filter((one) => !wanted || one.rule_id === wanted);
  fill(root.querySelector("#violations-body"), ...shown.map(row));
  // keepFresh clears the line after this; an empty list says so in a row of its own.
  if (!shown.length) fill(root.querySelector("#violations-body"), nothing());
  say(root, "");
}

function offer(select, violations, wanted) {
  const rules = new Map(violations.map((one) => [one.rule_id, one.rule_name]));
  if (wanted && !rules.has(wanted)) rules.set(wanted, wanted);
  const options = [...rules].sort().map(([id, name]) => h("option", { value: id }, name));
  fill(select, h("option", { value: "" }, t("Every rule")), ...options);
  select.value = wanted;
}

function nothing() {
  return h("tr", { class: "empty" }, h("td", { colSpan: 5 }, t("Nothing breaks these rules.")));
}

function row(one) {
  const since = one.resolved_at
    ? t("{found}, resolved {resolved}", { found: relative(one.detected_at), resolved: relative(one.resolved_at) })
    : relative(one.detected_at);
  return h("tr", {},
    h("th", { scope: "row", class: "violation-place" }, h("code", {}, one.line ? `${one.file}:${one.line}` : one.file)),
    h("td", { class: "wide" }, told(one.message)),
    h("td", {}, severityBadge(one.severity)),
    h("td", {}, one.rule_name),
    h("td", { class: "nowrap", title: stamp(one.detected_at) }, since),
  );
}
