// The dispatcher's panel: start and stop sessions, and show what jobs say as they say it.
// page.js, loaded before, has `base`, `texts`, `live`, `note` and `reload`.
"use strict";

const MOST_LINES = 500;
const LOOK_MS = 10000;
const QUIET_MS = 150;
const SESSION_EVENTS = ["dispatcher_started", "dispatcher_stopped"];
const JOB_EVENTS = ["task_dispatched", "job_finished", "lease_expired", "job_decided"];
const words = document.getElementById("orch-control-panel").dataset;
const panel = document.getElementById("orch-log-panel");
const field = (name) => document.getElementById(name);
// How many bytes of a job's log are shown, by job and attempt.
const shown = new Map();
let lastLook = null;
let reloading = null;

async function command(path, body) {
  try {
    const response = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    if (answer.success) return answer;
    note(`${texts.failed}: ${answer.message || answer.error || response.status}`, true);
  } catch {
    note(texts.unreachable, true);
  }
  return null;
}

async function start(event) {
  event.preventDefault();
  const answer = await command("/dispatch", {
    action: "Dispatch",
    coreId: field("orch-core-id").value.trim(),
    intervalSec: Number(field("orch-interval-sec").value),
    stay: field("orch-stay-flag").checked,
    enableOrchIntegration: field("orch-enable-orch-flag").checked,
  });
  if (answer) note(`${words.started}: ${answer.command} (pid ${answer.pid})`, false);
  refresh();
}

async function stop() {
  const answer = await command("/dispatch/stop", { coreId: field("orch-core-id").value.trim() });
  if (answer) note(`${words.stopped}: ${answer.stopped_pids.join(", ") || "-"}`, false);
  refresh();
}

async function sweep(button) {
  if (!confirm(button.dataset.confirm)) return;
  const answer = await command("/api/leases/sweep", {});
  if (answer) note(`${words.swept}: ${answer.swept.join(", ") || "-"}`, false);
  refresh();
}

async function tell(button) {
  const core = button.closest("tr").dataset.coreId;
  await command(`/dispatch/${button.dataset.dispatch}`, { coreId: core });
  refresh();
}

// Several events in a row are one look at the page.
function refresh() {
  clearTimeout(reloading);
  reloading = setTimeout(reload, QUIET_MS);
}

function write(job, text, kind) {
  const follows = panel.scrollHeight - panel.scrollTop - panel.clientHeight < 40;
  const line = document.createElement("div");
  line.className = kind;
  const name = document.createElement("b");
  name.textContent = job;
  line.append(name, text);
  panel.append(line);
  while (panel.childElementCount > MOST_LINES) panel.firstElementChild.remove();
  if (follows) panel.scrollTop = panel.scrollHeight;
}

const keyOf = (job) => JSON.stringify([job.job_id, job.attempt]);

function showLine(job) {
  if (job.offset <= (shown.get(keyOf(job)) || 0)) return;
  shown.set(keyOf(job), job.offset);
  write(job.job_id, job.line, "line");
}

function showEvent(name, told) {
  const more = [told.title, told.status, told.outcome, told.state, told.message, told.note];
  write(told.job_id || told.coreId, `${name} ${more.filter(Boolean).join(" ")}`, "event");
  refresh();
}

// What was said before this page listened, or while it did not.
async function catchUp() {
  try {
    const { leases } = await (await fetch(`${base}/api/leases`)).json();
    for (const lease of leases) await readLog(lease);
  } catch {
    showConnection(false);
  }
}

async function readLog(lease) {
  const offset = shown.get(keyOf(lease)) || 0;
  const query = `offset=${offset}&attempt=${lease.attempt}`;
  const answer = await fetch(`${base}/jobs/${encodeURIComponent(lease.job_id)}/log?${query}`);
  if (!answer.ok) return; // nothing was started yet
  const log = await answer.json();
  if (log.next_offset <= (shown.get(keyOf(lease)) || 0)) return;
  shown.set(keyOf(lease), log.next_offset);
  for (const line of log.text.replace(/\n$/, "").split("\n")) write(lease.job_id, line, "line");
}

// The stream tells at once; this is for servers behind it that tell nothing.
async function look() {
  try {
    const { dispatcher } = await (await fetch(`${base}/status`)).json();
    const seen = JSON.stringify(dispatcher);
    if (lastLook !== null && seen !== lastLook) refresh();
    lastLook = seen;
  } catch {
    showConnection(false);
  }
}

function listen() {
  const stream = new EventSource(`${base}/events`);
  stream.addEventListener("open", catchUp);
  stream.addEventListener("job_log", (event) => showLine(JSON.parse(event.data)));
  for (const name of [...SESSION_EVENTS, ...JOB_EVENTS]) {
    stream.addEventListener(name, (event) => showEvent(name, JSON.parse(event.data)));
  }
}

live.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && button.dataset.dispatch) tell(button);
  if (button && button.id === "btn-sweep-locks") sweep(button);
});
field("orch-dispatch-form").addEventListener("submit", start);
field("btn-dispatch-stop").addEventListener("click", stop);
listen();
look();
setInterval(look, LOOK_MS);
