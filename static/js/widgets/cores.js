// @ts-check
// The three cores as the ledgers know them (contract 4.1), and every registered agent.
import { ApiError, get, taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { number, relative, stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { keepFresh } from "../lib/section.js";
import { store } from "../lib/store.js";
import { cellNames } from "../lib/words.js";

const CORES = /** @type {const} */ (["CMD", "WORK", "AUDIT"]);
const ENTRIES = 60;
const SHOWN = 4;
const AGENTS_SECONDS = 15;
const SETTLE_MS = 400;
const JOB_EVENTS = ["task_dispatched", "job_finished", "lease_expired", "job_decided"];

/** Show the cards and the agents, and keep them true. @param {HTMLElement} root */
export async function mount(root) {
  await store.ready;
  /** Who holds a task now, by role; null: not known. @type {Set<string> | null} */
  let working = null;
  const show = () => CORES.forEach((core) => drawCore(root, core, working));
  const look = async () => {
    working = await readWorking();
    show();
  };
  for (const name of JOB_EVENTS) live.on(name, look);
  setInterval(() => document.hidden || look(), AGENTS_SECONDS * 1000);
  /** @type {any} */
  let waiting = 0;
  store.subscribe(["tasks", "approvals"], () => {
    show();
    clearTimeout(waiting);
    waiting = setTimeout(() => drawActivity(root), SETTLE_MS);
  });
  const agents = /** @type {HTMLElement} */ (root.querySelector(".agents-now"));
  const draw = (/** @type {any[]} */ found) => {
    drawAgents(agents, found);
    CORES.forEach((core) => drawBeat(root, core, found));
  };
  keepFresh(agents, () => get("/api/agents/list"), draw, { seconds: AGENTS_SECONDS });
  await look();
  await drawActivity(root);
}

/** Return the roles that hold a lease or a lock that has not run out. */
async function readWorking() {
  try {
    const { leases, foreign } = await get("/api/leases");
    const names = [
      ...leases.filter((/** @type {any} */ one) => one.started).map((/** @type {any} */ one) => one.coreId),
      ...foreign.filter((/** @type {any} */ one) => !one.expired).map((/** @type {any} */ one) => one.lock_owner),
    ];
    return new Set(names.map((name) => String(name).split("_")[0]));
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** @param {HTMLElement} root @param {typeof CORES[number]} core @param {Set<string> | null} working */
function drawCore(root, core, working) {
  const { state, busy, active, done, lost } = countCore(core, working);
  const noun = core === "AUDIT" ? "approvals" : "tasks";
  const say = (/** @type {string} */ name, /** @type {string} */ text) => {
    const place = root.querySelector(`#${core.toLowerCase()}-${name}`);
    if (place) place.textContent = text;
    return place;
  };
  const mark = say("status", lost ? t("Error") : state);
  if (mark) mark.className = `badge ${lost ? "status-fix" : busy ? "status-doing" : ""}`;
  const idle = core === "WORK" && active > 0 && !busy;
  const words = idle ? t("{count} in DOING, none of them is worked on now.", { count: number(active) }) : sentence(core, active);
  say("current-state", lost ? t("Its ledger cannot be read.") : words);
  say(`active-${noun}`, lost ? "—" : number(active));
  say(`completed-${noun}`, lost ? "—" : number(done));
}

/** @param {typeof CORES[number]} core @param {Set<string> | null} working */
function countCore(core, working) {
  const lost = store.ledger(core === "AUDIT" ? "approval" : "task").lost;
  const of = (/** @type {readonly any[]} */ rows, /** @type {string[]} */ ...states) =>
    rows.filter((one) => states.includes(one.status)).length;
  const tasks = store.tasks();
  const approvals = store.approvals();
  const found = {
    CMD: [of(tasks, "PLAN"), of(tasks, "PLAN", "READY"), of(tasks, "DONE"), t("Planning")],
    // A row in DOING says what was begun; only a lease says that somebody is at it.
    WORK: [working?.has("WORK") ? 1 : 0, of(tasks, "DOING"), of(tasks, "REVIEW", "DONE"), t("Working")],
    AUDIT: [of(approvals, "pending"), of(approvals, "pending"),
      of(approvals, "approved", "rejected"), t("Reviewing")],
  }[core];
  const [busy, active, done, word] = /** @type {[number, number, number, string]} */ (found);
  return { lost, busy: busy > 0, active, done, state: busy ? word : t("Idle") };
}

/** @param {typeof CORES[number]} core @param {number} count */
function sentence(core, count) {
  if (!count) return t("Nothing to do.");
  return {
    CMD: t("To plan or hand out: {count}", { count: number(count) }),
    WORK: t("Tasks in work: {count}", { count: number(count) }),
    AUDIT: t("Approvals to decide: {count}", { count: number(count) }),
  }[core];
}

/** Tell the newest heartbeat of a core's agents: those of its role, or named after it. @param {HTMLElement} root @param {typeof CORES[number]} core @param {any[]} agents */
function drawBeat(root, core, agents) {
  const place = /** @type {HTMLElement} */ (root.querySelector(`#${core.toLowerCase()}-heartbeat`));
  const own = agents.filter((one) => (one.role || one.id.split("_")[0]) === core && beatOf(one));
  const [last] = own.sort((one, other) => Date.parse(beatOf(other)) - Date.parse(beatOf(one)));
  if (!last) return fill(place, t("not connected yet"));
  const at = beatOf(last);
  const time = h("time", { datetime: at, title: stamp(at) }, relative(at));
  return fill(place, t("Heartbeat of {agent}:", { agent: last.id }), " ", time);
}

/** @param {any} agent @returns {string} */
const beatOf = (agent) => agent.heartbeat_at || agent.last_seen || "";

/** @param {HTMLElement} root */
async function drawActivity(root) {
  const { entries } = await get(`/api/history?limit=${ENTRIES}`).catch(() => ({ entries: null }));
  for (const core of CORES) {
    const place = /** @type {HTMLElement} */ (root.querySelector(`#${core.toLowerCase()}-activity`));
    const own = (entries || []).filter((/** @type {any} */ entry) => entry.role === core);
    const none = entries ? place.dataset.none : t("Not known now.");
    fill(place, own.length ? own.slice(0, SHOWN).map(line) : h("li", { class: "muted" }, none));
  }
}

/** @param {any} entry */
function line(entry) {
  const name = entry.kind === "task"
    ? h("a", { href: taskUrl(entry.record_id) }, entry.record_id)
    : h("span", null, entry.record_id);
  return h("li", null, name, h("span", { class: "what" }, told(entry)),
    h("time", { datetime: entry.ts, title: stamp(entry.ts) }, relative(entry.ts)));
}

/** @param {any} entry */
function told(entry) {
  const status = entry.changes.find((/** @type {any} */ one) => one.cell === "status");
  if (status && status.before === null) return t("created");
  if (status && status.after === null) return t("removed");
  if (status) return `${status.before} → ${status.after}`;
  return t("edited: {cells}", { cells: cellNames(entry.changes.map((/** @type {any} */ one) => one.cell)) });
}

/** @param {HTMLElement} root @param {any[]} agents */
function drawAgents(root, agents) {
  const list = /** @type {HTMLElement} */ (root.querySelector("[data-agents]"));
  fill(list, agents.length ? agents.map(agentLine) : h("li", { class: "muted" },
    t("No agent has registered (POST /api/agents/register).")));
}

/** @param {any} agent */
function agentLine(agent) {
  const beat = beatOf(agent);
  return h("li", null,
    h("span", { class: `dot ${agent.online ? "on" : "off"}`, "aria-hidden": "true" }),
    h("span", { class: "name" }, agent.name || agent.id),
    h("span", { class: "badge" }, agent.online ? agent.status : t("offline")),
    h("span", { class: "muted" }, beat
      ? h("time", { datetime: beat, title: stamp(beat) }, relative(beat)) : t("not connected yet")));
}
