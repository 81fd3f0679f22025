// @ts-check
// What a script's own runs recommend: parameters, how sure that is, and what was used so far.
import { ApiError, get, taskUrl } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { number, relative, t } from "../lib/i18n.js";
import { has } from "../lib/page.js";
import { query } from "../lib/query.js";
import { explain } from "../lib/section.js";

const NAMES = () => ({
  timeout_ms: t("Timeout, ms"),
  retry_count: t("Retries"),
  batch_size: t("Batch size"),
  memory_limit_mb: t("Memory limit, MB"),
});

/** Wire the form; the script stands in the URL. @param {HTMLElement} root */
export function mount(root) {
  const name = /** @type {HTMLInputElement} */ (root.querySelector("#script-selector"));
  if (!has("learning")) {
    tell(root, t("Learning is not installed here. To have it: pip install 'orch-next[ml]', then start the server again."));
    name.disabled = need(root, "#optimise-form [type=submit]").disabled = true;
    return;
  }
  need(root, "#optimise-form").addEventListener("submit", (event) => {
    event.preventDefault();
    query.set({ script: name.value.trim() });
    ask(root, name.value.trim());
  });
  offerNames(root);
  name.value = query.get("script") || "";
  if (name.value) ask(root, name.value);
}

async function offerNames(root) {
  try {
    const { models } = await get("/api/ml/status");
    fill(root.querySelector("#script-names"), ...models.map((model) => h("option", { value: model.script })));
  } catch (error) {
    tell(root, explain(error));
  }
}

async function ask(root, script) {
  try {
    const answer = await get(`/api/ml/optimize/${encodeURIComponent(script)}`);
    show(root, script, answer);
  } catch (error) {
    tell(root, whyNot(error, script));
  }
}

function whyNot(error, script) {
  if (error instanceof ApiError && error.body && error.body.reason === "not enough data") {
    return t("Not enough data about {script}: {count} of at least {needed} runs recorded all four parameters.", {
      script,
      count: number(error.body.sample_size),
      needed: number(error.body.needed),
    });
  }
  return explain(error);
}

function tell(root, text) {
  fill(root.querySelector("#optimization-result"), h("p", { class: "empty" }, text));
  fill(root.querySelector("#optimized-params"));
}

function show(root, script, { recommendation: found }) {
  fill(root.querySelector("#optimization-result"), h("p", {}, verdict(script, found)));
  const names = NAMES();
  const columns = [found.estimate, found.baseline];
  const lines = [
    ...Object.keys(names).map((key) => [names[key], ...columns.map((one) => number(one.parameters[key]))]),
    [t("Runs with exactly this setting"), ...columns.map((one) => number(one.runs))],
    [t("Success rate (90 % interval)"), ...columns.map(rate)],
    [t("Mean time (90 % interval)"), ...columns.map(time)],
  ];
  fill(root.querySelector("#optimized-params"), table(lines), lastRuns(found.last_outcomes || []));
}

function verdict(script, found) {
  const words = { script, count: number(found.sample_size), sure: percent(found.sureness) };
  return found.changes
    ? t("{count} runs of {script} speak for other parameters than those used so far; sure to {sure}.", words)
    : t("{count} runs of {script} speak for staying with the parameters used so far.", words);
}

const percent = (share) => `${number(Math.round(share * 1000) / 10)} %`;
const rate = (one) => `${percent(one.success_rate)} (${one.success_rate_interval.map(percent).join(" – ")})`;
const seconds = (ms) => `${number(Math.round(ms / 10) / 100)} s`;
const time = (one) => `${seconds(one.avg_execution_time_ms)} (${one.avg_execution_time_ms_interval.map(seconds).join(" – ")})`;

function table(lines) {
  const heads = ["", t("Recommended"), t("Used so far")];
  return h("div", { class: "table-scroll" }, h("table", { class: "rows" },
    h("caption", { class: "visually-hidden" }, t("Recommended parameters")),
    h("thead", {}, h("tr", {}, ...heads.map((text) => (text ? h("th", { scope: "col" }, text) : h("td", {}))))),
    h("tbody", {}, ...lines.map(([name, ...values]) =>
      h("tr", {}, h("th", { scope: "row" }, name), ...values.map((value) => h("td", { class: "num" }, value)))))));
}

function lastRuns(outcomes) {
  if (!outcomes.length) return "";
  return h("div", { class: "panel-body" },
    h("h3", {}, t("Last runs")),
    h("ul", { class: "plain-list" }, ...outcomes.map((one) =>
      h("li", {}, one.success ? "✓ " : "✗ ", h("a", { href: taskUrl(one.task_id) }, one.task_id), ` ${seconds(one.execution_time_ms)} · ${relative(one.timestamp)}`))));
}
