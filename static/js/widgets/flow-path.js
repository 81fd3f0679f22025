// @ts-check
// One task's way: every change of its state that the journal has, who made it, how long it stayed.
import { get, taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { duration, stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { query } from "../lib/query.js";
import { explain, say } from "../lib/section.js";
import { badge } from "../lib/ui.js";
import { authorName } from "../lib/words.js";

const MOST_PAGES = 10;

/** Show the path of the task that the URL names. @param {HTMLElement} root */
export function mount(root) {
  const show = () => showPath(root, query.get("task"));
  query.onChange(show);
  live.on("task_updated", (told) => told.id === query.get("task") && show());
  show();
}

async function showPath(root, id) {
  const list = root.querySelector("#flow-path");
  if (!id) {
    fill(list);
    return say(root, t("Name a task above to see its way from state to state, and through whose hands."));
  }
  try {
    const steps = stepsOf(await readHistory(id));
    fill(list, ...steps.map((step, at) => item(step, steps[at + 1])));
    say(root, steps.length ? "" : t("The history knows no change of state of {id}.", { id }));
    if (steps.length) list.prepend(h("li", { class: "path-task" }, h("a", { href: taskUrl(id) }, id)));
  } catch (error) {
    fill(list);
    say(root, explain(error));
  }
}

// The newest come first, a page at a time.
async function readHistory(id) {
  const entries = [];
  let before = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const found = await get(`/api/history?kind=task&id=${encodeURIComponent(id)}&limit=500${before}`);
    entries.push(...found.entries);
    if (found.next_before === null) break;
    before = `&before=${found.next_before}`;
  }
  return entries.reverse();
}

function stepsOf(entries) {
  return entries.flatMap((entry) => {
    const change = entry.changes.find((one) => one.cell === "status");
    return change ? [{ ...entry, from: change.before, to: change.after }] : [];
  });
}

function item(step, next) {
  const end = next ? Date.parse(next.ts) : Date.now();
  const stayed = duration((end - Date.parse(step.ts)) / 1000);
  return h("li", {},
    step.to ? badge(step.to) : t("row removed"),
    h("span", {}, h("b", {}, authorName(step)), ` ${stamp(step.ts)}`),
    h("span", { class: "muted" }, next ? t("stayed {time}", { time: stayed }) : t("for {time} so far", { time: stayed })));
}
