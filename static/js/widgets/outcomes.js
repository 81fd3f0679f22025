// @ts-check
// What runs brought: by task, or by words anywhere in tasks, results and history.
import { get, post, taskUrl } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { number, relative, stamp, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { forbid } from "../lib/role.js";
import { explain, say } from "../lib/section.js";
import { openDialog, toast } from "../lib/ui.js";

/** Wire the search; what is sought stands in the URL. @param {HTMLElement} root */
export function mount(root) {
  const task = /** @type {HTMLInputElement} */ (root.querySelector("#task-id-input"));
  const words = /** @type {HTMLInputElement} */ (root.querySelector("#outcomes-search"));
  need(root, "#outcomes-form").addEventListener("submit", (event) => {
    event.preventDefault();
    query.set({ task: task.value.trim() || null, words: words.value.trim() || null });
    find(root, task.value.trim(), words.value.trim());
  });
  wireRecording(root, () => find(root, task.value.trim(), words.value.trim()));
  task.value = query.get("task") || "";
  words.value = query.get("words") || "";
  if (task.value || words.value) find(root, task.value, words.value);
}

async function find(root, task, words) {
  const table = root.querySelector("#work-outcomes-table");
  const list = root.querySelector("#knowledge-found");
  table.hidden = list.hidden = true;
  try {
    if (words) showFound(root, list, await get(`/api/knowledge/search?q=${encodeURIComponent(words)}`), task);
    else if (task) showOutcomes(root, table, await get(`/api/knowledge/work_outcomes/${encodeURIComponent(task)}`), task);
  } catch (error) {
    say(root, explain(error));
  }
}

function showOutcomes(root, table, { work_outcomes: found }, task) {
  fill(root.querySelector("#work-outcomes-body"), ...found.map(row));
  table.hidden = !found.length;
  say(root, found.length ? "" : t("No run of {task} has been recorded.", { task }));
}

function row(one) {
  const end = one.success ? t("succeeded") : t("failed");
  return h("tr", {},
    h("th", { scope: "row", title: stamp(one.timestamp) }, relative(one.timestamp)),
    h("td", {}, link(one.task_id, one.task_id)),
    h("td", {}, one.operation_type),
    h("td", { class: "wide" }, h("span", { class: one.success ? "badge badge-ok" : "badge badge-bad" }, end),
      one.error_message ? h("span", { class: "notes" }, one.error_message) : ""),
    h("td", { class: "num" }, `${number(Math.round(one.execution_time_ms) / 1000)} s`),
    h("td", {}, (one.files_modified || []).join(", ") || "—"),
    h("td", {}, one.source === "dispatcher" ? t("dispatcher") : t("a person or a script")));
}

function showFound(root, list, answer, task) {
  const found = answer.results.filter((one) => !task || one.task_id === task);
  fill(list, ...found.map(hit));
  list.hidden = !found.length;
  say(root, found.length ? countOf(answer, found) : t("Nothing found for “{words}”.", { words: answer.query }));
}

function countOf(answer, found) {
  return answer.complete
    ? t("{count} found", { count: number(found.length) })
    : t("the first {count}; more were found", { count: number(found.length) });
}

function hit(one) {
  const kinds = { task: t("task"), outcome: t("result"), journal: t("history") };
  return h("li", {},
    h("span", { class: "chip chip-small" }, kinds[one.source] || one.source), " ",
    one.task_id ? link(one.task_id, `${one.task_id} ${one.title || ""}`) : one.title,
    one.timestamp ? h("span", { class: "muted" }, ` · ${relative(one.timestamp)}`) : "",
    h("p", { class: "excerpt" }, one.excerpt));
}

const link = (id, text) => h("a", { href: taskUrl(id) }, text);

function wireRecording(root, after) {
  const dialog = root.querySelector("#saveOutcomeModal");
  const form = /** @type {HTMLFormElement} */ (root.querySelector("#saveOutcomeForm"));
  forbid([root.querySelector("#save-outcome-open")], "write");
  need(root, "#save-outcome-open").addEventListener("click", () => openDialog(dialog));
  need(form, "[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await record(form))) return;
    form.reset();
    dialog.close();
    after();
  });
}

async function record(form) {
  const fields = Object.fromEntries(new FormData(form));
  const place = form.querySelector(".form-error");
  const body = {
    ...fields,
    success: fields.success === "true",
    execution_time_ms: Number(fields.execution_time_ms),
    error_message: fields.error_message || null,
  };
  place.hidden = true;
  try {
    const answer = await post("/api/knowledge/save_outcome", body);
    toast(answer.new ? t("The result is recorded.") : t("This very result was recorded before."), { kind: "ok" });
    return true;
  } catch (error) {
    place.textContent = explain(error);
    place.hidden = false;
    return false;
  }
}
