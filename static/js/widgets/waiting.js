// @ts-check
// What a person should look at first: decisions, reviews, stuck leases, damage; then what is late
// and what runs.
import { get, taskUrl, url } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { awayWords, dueOf, dueShown } from "../lib/due.js";
import { moment, number, relative, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { store } from "../lib/store.js";
import { badge } from "../lib/ui.js";

const MOST = 6;
const TICK_MS = 30000;
const ENDED = ["DONE", "DROP"];
const JOB_EVENTS = ["task_dispatched", "job_finished", "lease_expired", "job_decided",
  "dispatcher_started", "dispatcher_stopped"];
/** @typedef {{leases: any[], foreign: any[], failed: boolean}} Held */

/** Show the three lists and keep them true. @param {HTMLElement} root */
export async function mount(root) {
  /** @type {Held} */
  let held = { leases: [], foreign: [], failed: false };
  let isRead = false;
  const show = () => isRead && draw(root, held);
  const look = async () => {
    held = await readLeases();
    show();
  };
  store.subscribe(["tasks", "approvals", "milestones"], show);
  store.subscribe(["tasks"], look);
  for (const name of JOB_EVENTS) live.on(name, look);
  document.addEventListener("orch:refresh", look);
  setInterval(() => document.hidden || show(), TICK_MS);
  // Before that nobody knows whether nothing waits.
  await Promise.all([store.ready, look()]);
  isRead = true;
  show();
}

/** @returns {Promise<Held>} */
async function readLeases() {
  try {
    return { ...(await get("/api/leases")), failed: false };
  } catch {
    return { leases: [], foreign: [], failed: true };
  }
}

/** @param {HTMLElement} root @param {Held} held */
function draw(root, held) {
  const isLost = store.ledger("task").lost;
  list(root, "mine", [...damaged(), ...decisions(), ...expired(), ...reviews()], false);
  list(root, "overdue", isLost ? [] : overdue(), isLost);
  list(root, "running", running(held), held.failed);
}

/** @param {HTMLElement} root @param {string} name @param {any[]} rows @param {boolean} isUnknown */
function list(root, name, rows, isUnknown) {
  const find = (/** @type {string} */ kind) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-${kind}="${name}"]`));
  find("count").textContent = isUnknown ? "—" : number(rows.length);
  fill(find("list"), rows.slice(0, MOST), rows.length > MOST &&
    h("li", { class: "muted" }, t("and {count} more", { count: rows.length - MOST })));
  const empty = find("empty");
  empty.hidden = rows.length > 0;
  empty.textContent = isUnknown ? t("Not known now.") : empty.dataset.none || "";
}

/** @param {any} mark @param {string} href @param {string} text @param {any} aside */
const row = (mark, href, text, aside) =>
  h("li", null, mark, h("a", { href, class: "what" }, text), h("span", { class: "aside" }, aside));

const damaged = () =>
  /** @type {const} */ (["task", "approval", "milestone"]).filter((kind) => !store.isWritable(kind))
    .map((kind) => row(h("span", { class: "badge status-fix" }, t("Damaged")), url("/ledger"),
      `${kind.toUpperCase()}S.md`, t("cannot be written")));

const decisions = () =>
  store.approvals().filter((one) => one.status === "pending").map((one) =>
    row(badge("pending"), url(`/approvals?id=${encodeURIComponent(one.appr_id)}`),
      `${one.appr_id} ${one.op}`, relative(one.ts_req)));

/** Review that no pending approval stands for already. */
function reviews() {
  const asked = new Set(store.approvals().filter((one) => one.status === "pending")
    .map((one) => one.task_id));
  return store.tasks().filter((one) => one.status === "REVIEW" && !asked.has(one.id))
    .map((one) => row(badge("REVIEW"), taskUrl(one.id), `${one.id} ${one.title}`, one.owner));
}

const expired = () =>
  store.tasks().filter((one) => !ENDED.includes(one.status) && hasExpired(one)).map((one) =>
    row(h("span", { class: "badge status-fix" }, t("Lease expired")), taskUrl(one.id),
      `${one.id} ${one.title}`, relative(one.lock_expires_at)));

/** @param {any} task */
function hasExpired(task) {
  const end = task.lock !== "-" && task.lock !== "" && moment(task.lock_expires_at);
  return Boolean(end) && /** @type {Date} */ (end).getTime() < Date.now();
}

function overdue() {
  const found = store.tasks().flatMap((task) => {
    const due = dueOf(task.due, task.status);
    return due?.late ? [{ task, due }] : [];
  });
  return found.sort((one, other) => one.due.at - other.due.at).map(({ task, due }) =>
    row(badge(task.status), taskUrl(task.id), `${task.id} ${task.title}`,
      h("span", { title: dueShown(task.due) }, awayWords(due))));
}

/** @param {Held} held */
function running({ leases, foreign }) {
  const ours = leases.map((one) => [one.job_id, one.coreId, one.lock_expires_at]);
  const theirs = foreign.filter((one) => one.status === "DOING" && !one.expired)
    .map((one) => [one.task_id, one.lock_owner, one.lock_expires_at]);
  return [...ours, ...theirs].map(([id, core, end]) =>
    row(badge(store.task(id)?.status || "DOING"), taskUrl(id),
      `${id} ${store.task(id)?.title || ""}`,
      h("span", { title: t("lease ends {when}", { when: relative(end) }) }, core)));
}
