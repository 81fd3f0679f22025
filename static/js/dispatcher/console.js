// @ts-check
// What all jobs say, line by line, as they say it; caught up after a break, each line once.
import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { explain } from "../lib/section.js";
import { store } from "../lib/store.js";

const MOST_LINES = 500;
// How many journal entries are looked through for the last jobs, and how many jobs are shown.
const LOOK_BACK = 60;
const RECENT_JOBS = 5;
const AT_END_PX = 40;
const TOLD = ["dispatcher_started", "dispatcher_stopped", "task_dispatched", "job_finished", "lease_expired", "job_decided"];
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Write every job's output into `panel`; `clear` empties it. */
export function openConsole(panel, clear) {
  // How many bytes of a job's log are shown, by job and attempt.
  const shown = new Map();
  clear.addEventListener("click", () => panel.replaceChildren());
  // One after the other: what is heard while a log is read would stand there twice.
  let turn = Promise.resolve();
  const next = (work) => { turn = turn.then(work); };
  live.on("job_log", (told) => next(() => hear(panel, shown, told)));
  for (const name of TOLD) live.on(name, (told) => write(panel, told.job_id || told.coreId, describe(name, told), "event"));
  const again = () => next(() => catchUp(panel, shown));
  live.onState((state) => state !== "offline" && state !== "connecting" && again());
  again();
}

const keyOf = (job) => JSON.stringify([job.job_id, job.attempt]);

function hear(panel, shown, told) {
  if (told.offset <= (shown.get(keyOf(told)) || 0)) return;
  shown.set(keyOf(told), told.offset);
  for (const line of told.line.split("\n")) write(panel, told.job_id, line, "line");
}

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

// What was said before this page listened, or while it did not: of the last jobs the tail.
async function catchUp(panel, shown) {
  try {
    for (const job of await recentJobs()) await readLog(panel, shown, job);
  } catch (error) {
    write(panel, "—", explain(error), "event");
  }
}

/** Return the last jobs, the newest last: those that run, and those that the dispatcher had lately. */
async function recentJobs() {
  const [{ leases }, { entries }] = await Promise.all([
    get("/api/leases"), get(`/api/history?source=dispatcher&kind=task&limit=${LOOK_BACK}`), store.ready,
  ]);
  const ids = [...leases.map((one) => one.job_id), ...entries.map((one) => one.record_id)];
  const known = [...new Set(ids)].filter((id) => store.task(id)).slice(0, RECENT_JOBS);
  const found = await Promise.all(known.map(lastAttempt));
  return found.filter(Boolean).sort((one, other) => (one.started_at < other.started_at ? -1 : 1));
}

async function lastAttempt(id) {
  const { attempts } = await get(`/jobs/${encodeURIComponent(id)}/attempts`);
  const last = attempts.filter((one) => one.log).at(-1);
  return last && { ...last, job_id: id };
}

async function readLog(panel, shown, job) {
  const key = keyOf(job);
  const isNew = !shown.has(key);
  const { lines, end } = await readTail(job, shown.get(key) || 0);
  if (end <= (shown.get(key) || 0) && !isNew) return;
  shown.set(key, Math.max(end, shown.get(key) || 0));
  if (isNew) write(panel, job.job_id, `${t("handed to {core}", { core: job.core })} · ${stamp(job.started_at)}`, "event");
  for (const line of lines) write(panel, job.job_id, line, "line");
  if (isNew && job.ended_at) write(panel, job.job_id, `${t("finished: {outcome}", { outcome: job.outcome })} · ${stamp(job.ended_at)}`, "event");
}

/** Read on from an offset, and keep the last lines. */
async function readTail(job, offset) {
  let [end, text] = [offset, ""];
  for (;;) {
    const log = await get(`/jobs/${encodeURIComponent(job.job_id)}/log?offset=${end}&attempt=${job.attempt}`);
    text = `${text}${log.text}`.split("\n").slice(-MOST_LINES - 1).join("\n");
    if (log.next_offset <= end) break;
    end = log.next_offset;
  }
  return { lines: text ? text.replace(/\n$/, "").split("\n").slice(-MOST_LINES) : [], end };
}
