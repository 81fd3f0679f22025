// @ts-check
// Why a task is not running, asked of the dispatcher whenever something happens.
import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { told } from "../lib/reasons.js";
import { keepFresh } from "../lib/section.js";
import { store } from "../lib/store.js";

const EVENTS = [
  "task_updated",
  "approval_updated",
  "ledger_changed",
  "dispatcher_started",
  "dispatcher_stopped",
  "task_dispatched",
  "job_finished",
  "job_decided",
  "lease_expired",
];

/** Show the reasons of the section's task. */
export function mount(root) {
  const body = root.querySelector("[data-why]");
  const id = root.dataset.taskId;
  const path = `/api/dispatch/explain/${encodeURIComponent(id)}`;
  const read = async () => {
    await store.ready;
    // The head of the page says that the task is gone.
    return store.task(id) ? get(path) : null;
  };
  keepFresh(root, read, (found) => fill(body, ...(found ? shown(found) : ["—"])), {
    events: EVENTS,
    seconds: 60,
  });
}

function shown({ running, coreId, reasons }) {
  if (running)
    return [
      h(
        "p",
        { class: "why-running" },
        coreId ? t("It runs on {core}.", { core: coreId }) : t("It runs."),
      ),
    ];
  if (!reasons.length) {
    const text = coreId
      ? t("Nothing stands in its way: {core} takes it next.", { core: coreId })
      : t("Nothing stands in its way.");
    return [h("p", {}, text)];
  }
  return [h("ul", { class: "why-list" }, ...reasons.map(reasonItem))];
}

function reasonItem({ code, message }) {
  return h(
    "li",
    { dataset: { code } },
    h("strong", {}, nameReason(code)),
    h("span", { class: "muted" }, told(message)),
  );
}

function nameReason(code) {
  const known = {
    status: t("Not READY"),
    lease: t("Somebody holds it"),
    owner: t("No core for its owner"),
    dependency: t("Waits for another task"),
    approval: t("Waits for an approval"),
    limit: t("The core is busy"),
    freeze: t("Dispatching is frozen"),
    failures: t("It failed too often"),
    row: t("Its row has a problem"),
    duplicate: t("Its id stands in two rows"),
    read_only: t("It is only read"),
    core: t("No core is at work"),
  };
  return known[code] || code;
}
