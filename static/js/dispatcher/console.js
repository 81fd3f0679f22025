// @ts-check
// What all jobs say, line by line, as they say it; caught up after a break, each line once.
import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { explain } from "../lib/section.js";

const MOST_LINES = 500;
const AT_END_PX = 40;
const TOLD = ["dispatcher_started", "dispatcher_stopped", "task_dispatched", "job_finished", "lease_expired", "job_decided"];
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Write every job's output into `panel`; `clear` empties it. */
export function openConsole(panel, clear) {
  // How many bytes of a job's log are shown, by job and attempt.
  const shown = new Map();
  clear.addEventListener("click", () => panel.replaceChildren());
  live.on("job_log", (told) => {
    if (told.offset <= (shown.get(keyOf(told)) || 0)) return;
    shown.set(keyOf(told), told.offset);
    for (const line of told.line.split("\n")) write(panel, told.job_id, line, "line");
  });
  for (const name of TOLD) live.on(name, (told) => write(panel, told.job_id || told.coreId, describe(name, told), "event"));
  const again = () => catchUp(panel, shown);
  live.onState((state) => state !== "offline" && state !== "connecting" && again());
  again();
}

const keyOf = (job) => JSON.stringify([job.job_id, job.attempt]);

function write(panel, job, text, kind) {
  const follows = panel.scrollHeight - panel.scrollTop - panel.clientHeight < AT_END_PX;
  panel.append(h("div", { class: kind }, h("b", {}, job), ` ${text.replace(ESCAPES, "")}`));
  while (panel.childElementCount > MOST_LINES) panel.firstElementChild.remove();
  if (follows) panel.scrollTop = panel.scrollHeight;
}

function describe(name, told) {
  const words = {
    dispatcher_started: t("session started"),
    dispatcher_stopped: t("session ended"),
    task_dispatched: t("handed to {core}", { core: told.coreId }),
    job_finished: t("finished: {outcome}", { outcome: told.outcome }),
    lease_expired: t("lease ran out"),
    job_decided: t("decided: {state}", { state: told.state }),
  };
  return [words[name], told.title, told.message, told.note].filter(Boolean).join(" · ");
}

// What was said before this page listened, or while it did not.
async function catchUp(panel, shown) {
  try {
    const { leases } = await get("/api/leases");
    for (const lease of leases) if (lease.started) await readLog(panel, shown, lease);
  } catch (error) {
    write(panel, "—", explain(error), "event");
  }
}

async function readLog(panel, shown, lease) {
  const offset = shown.get(keyOf(lease)) || 0;
  const log = await get(`/jobs/${encodeURIComponent(lease.job_id)}/log?offset=${offset}&attempt=${lease.attempt}`);
  if (log.next_offset <= (shown.get(keyOf(lease)) || 0)) return;
  shown.set(keyOf(lease), log.next_offset);
  for (const line of log.text.replace(/\n$/, "").split("\n")) write(panel, lease.job_id, line, "line");
}
