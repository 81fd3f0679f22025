// @ts-check
// The attempts of a task and the output of one of them, live while it runs.
import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { duration, moment, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { keepFresh } from "../lib/section.js";
import { store } from "../lib/store.js";
import { makeLog } from "../task/log.js";
import { when } from "../task/when.js";

const EVENTS = ["task_dispatched", "job_finished", "lease_expired"];
const SETTLE_MS = 300;
const TICK_MS = 1_000;

/** Show the attempts of the section's task. */
export function mount(root) {
  const id = root.dataset.taskId;
  const log = makeLog(root.querySelector("[data-log]"), id);
  let attempts = [];
  let chosen = 0;
  const look = keepFresh(root, read, show);

  for (const name of EVENTS) live.on(name, (event) => event.job_id === id && soon());
  live.on("job_log", (event) => {
    if (event.job_id !== id) return;
    if (!attempts.some((one) => one.attempt === event.attempt && one.log)) soon();
    log.told(event);
  });
  live.onState((state) => (state === "socket" || state === "stream") && attempts.length && soon());
  setInterval(() => document.hidden || drawTimes(root, attempts), TICK_MS);

  // The attempt's row is written just before and after its events.
  function soon() {
    look();
    setTimeout(look, SETTLE_MS);
  }

  async function read() {
    await store.ready;
    if (!store.task(id)) return { attempts };
    return get(`/jobs/${encodeURIComponent(id)}/attempts`);
  }

  function show(found) {
    const had = attempts.length;
    attempts = found.attempts;
    const last = attempts.at(-1);
    if (attempts.length > had || !attempts.some((one) => one.attempt === chosen))
      chosen = last ? last.attempt : 0;
    draw();
  }

  function choose(attempt) {
    chosen = attempt;
    draw();
  }

  function draw() {
    root.querySelector(".table-scroll").hidden = attempts.length === 0;
    root.querySelector("[data-none]").hidden = attempts.length > 0;
    fill(
      root.querySelector("[data-attempts]"),
      ...[...attempts].reverse().map((one) => row(one, one.attempt === chosen, choose)),
    );
    const last = attempts.at(-1);
    root.querySelector("[data-running]").textContent =
      last && last.started_at && !last.ended_at ? t("running on {core}", { core: last.core }) : "";
    const shown = attempts.find((one) => one.attempt === chosen);
    if (shown && shown.log)
      log.show(shown.attempt, t("Log of attempt {attempt}", { attempt: shown.attempt }));
    else root.querySelector("[data-log]").hidden = true;
    drawTimes(root, attempts);
  }
}

function row(one, isChosen, choose) {
  const button = one.log
    ? h(
        "button",
        {
          type: "button",
          class: "btn btn-small btn-quiet",
          "aria-pressed": String(isChosen),
          "aria-label": t("Log of attempt {attempt}", { attempt: one.attempt }),
          onclick: () => choose(one.attempt),
        },
        t("Log"),
      )
    : null;
  return h(
    "tr",
    { dataset: { attempt: String(one.attempt) }, class: isChosen ? "is-chosen" : "" },
    h("td", {}, String(one.attempt)),
    h("td", { class: "mono" }, one.core),
    h("td", {}, when(one.started_at)),
    h("td", { dataset: { took: "" } }),
    h("td", {}, outcome(one)),
    h("td", {}, button),
  );
}

function drawTimes(root, attempts) {
  for (const one of attempts) {
    const cell = root.querySelector(`tr[data-attempt="${one.attempt}"] [data-took]`);
    const start = moment(one.started_at);
    const end = one.ended_at ? moment(one.ended_at) : new Date();
    if (cell)
      cell.textContent = start && end ? duration((end.getTime() - start.getTime()) / 1000) : "—";
  }
}

function outcome(one) {
  if (!one.ended_at) return h("span", { class: "outcome is-running" }, t("under way"));
  const known = {
    done: t("handed in"),
    failed: t("failed"),
    expired: t("lease ended"),
    stopped: t("was stopped"),
    interrupted: t("interrupted"),
    returned: t("given back"),
    lost: t("lost: it reported too late"),
    "not started": t("not started"),
    "start failed": t("could not be started"),
  };
  const text = known[one.outcome] || one.outcome || "—";
  const status =
    one.exit_status === null || one.exit_status === undefined
      ? ""
      : t(" (exit status {status})", { status: one.exit_status });
  return h(
    "span",
    { class: `outcome is-${one.outcome === "done" ? "done" : "other"}` },
    text + status,
  );
}
