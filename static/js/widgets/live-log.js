// @ts-check
// Everything that happens, in one list: who did what to which row, and what jobs came to.
import { taskUrl } from "../lib/api.js";
import { h, need } from "../lib/dom.js";
import { stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { authorName } from "../lib/words.js";
import { nameEvent } from "../task/entry.js";

const MOST_LINES = 200;
const CHANGES = ["task_updated", "approval_updated", "milestone_updated", "ledger_changed"];
const JOBS = ["task_dispatched", "job_finished", "lease_expired", "job_decided", "dispatcher_started", "dispatcher_stopped"];

/** Show live events, the newest first. @param {HTMLElement} root */
export function mount(root) {
  const list = need(root, "#live-log");
  const put = (item) => {
    list.prepend(item);
    while (list.childElementCount > MOST_LINES) list.lastElementChild.remove();
  };
  for (const name of CHANGES) live.on(name, (told) => put(change(told)));
  for (const name of JOBS) live.on(name, (told) => put(job(name, told)));
}

function change(told) {
  const row = told.task || told.approval || told.milestone || {};
  const task = told.kind === "task" ? told.id : row.task_id;
  const what = [nameEvent(told.change || told.event), row.status].filter(Boolean).join(" → ");
  return line(told.ts, h("b", {}, authorName(told)), task ? h("a", { href: taskUrl(task) }, told.id) : told.id, what, row.title || row.op || "");
}

function job(name, told) {
  const words = {
    task_dispatched: t("handed to {core}", { core: told.coreId }),
    job_finished: t("finished: {outcome}", { outcome: told.outcome }),
    lease_expired: t("lease ran out"),
    job_decided: t("decided: {state}", { state: told.state }),
    dispatcher_started: t("session started"),
    dispatcher_stopped: t("session ended"),
  };
  const place = told.job_id ? h("a", { href: taskUrl(told.job_id) }, told.job_id) : "";
  return line(told.timestamp || new Date().toISOString(), h("b", {}, told.coreId || "—"), place, words[name], told.title || "");
}

function line(at, ...parts) {
  return h("li", {}, h("time", { dateTime: at, class: "muted" }, stamp(at)), ...parts.filter(Boolean).flatMap((part) => [" ", part]));
}
