// @ts-check
// Sessions of the dispatcher: start, stop, drain, nudge, dry run; leases; what jobs say.
import { ApiError, get, post, taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { allowedTo, forbid } from "../lib/role.js";
import { told } from "../lib/reasons.js";
import { explain, keepFresh } from "../lib/section.js";
import { confirmDialog, toast } from "../lib/ui.js";
import { openConsole } from "../dispatcher/console.js";
import { showLeases } from "../dispatcher/leases.js";

const EVENTS = [
  "dispatcher_started", "dispatcher_stopped", "task_dispatched", "job_finished", "lease_expired", "job_decided",
];
// For what no event tells: another process, flags.md.
const LOOK_SECONDS = 15;

/** Show the dispatcher and wire its buttons. @param {HTMLElement} root */
export function mount(root) {
  const part = (id) => root.querySelector(`#${id}`);
  const show = (found) => {
    showSessions(part, found.dispatcher);
    showLeases(part, found);
  };
  const look = keepFresh(root, () => get("/api/leases"), show, { seconds: LOOK_SECONDS, events: EVENTS });
  wireForm(part, look);
  root.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button[data-dispatch]");
    if (button instanceof HTMLElement) act(look, `/dispatch/${button.dataset.dispatch}`, { coreId: button.dataset.core });
  });
  const sweeper = part("btn-sweep-locks");
  if (sweeper) {
    sweeper.addEventListener("click", () => sweep(part, look));
    forbid([sweeper], "sweep");
  }
  openConsole(part("orch-log-panel"), part("log-clear"));
}

/** Ask about a name that nothing knows: a slip of the hand would wait for ever. */
async function isMeant(part, core) {
  const known = [...part("orch-core-suggestions").children].map((one) => one.value);
  if (!known.length || known.includes(core)) return true;
  const words = t("No core is called {core} in config/cores.toml. Start it all the same, as a core that fetches its tasks itself?", { core });
  return confirmDialog(words, { yes: t("Start it all the same") });
}

function wireForm(part, look) {
  const core = () => part("orch-core-id").value.trim();
  forbid([part("btn-dispatch-start"), part("btn-dispatch-stop")], "dispatch");
  part("orch-dispatch-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await isMeant(part, core())) act(look, "/dispatch", {
      action: "Dispatch",
      coreId: core(),
      intervalSec: Number(part("orch-interval-sec").value),
      stay: part("orch-stay-flag").checked,
      enableOrchIntegration: part("orch-enable-orch-flag").checked,
    });
  });
  part("btn-dispatch-stop").addEventListener("click", () => act(look, "/dispatch/stop", { coreId: core() }));
  part("btn-dry-run").addEventListener("click", () => dryRun(part("dry-run-said"), core()));
}

async function act(look, path, body) {
  try {
    const answer = await post(path, body);
    toast(wordsFor(path, answer), { kind: "ok" });
  } catch (error) {
    const { message, detail } = (error instanceof ApiError && error.body) || {};
    toast([message ? told(message) : explain(error), detail && told(detail)].filter(Boolean).join(": "), { kind: "error" });
  }
  look();
}

function wordsFor(path, answer) {
  const none = t("nothing ran");
  if (path === "/dispatch") return t("Started (process {pid})", { pid: answer.pid });
  if (path === "/dispatch/stop") return t("Stopped: {what}", { what: answer.stopped.join(", ") || none });
  if (path === "/dispatch/drain") return t("Finishes and takes no more: {what}", { what: answer.draining.join(", ") || none });
  return t("Looks now: {what}", { what: answer.nudged.join(", ") || none });
}

function showSessions(part, dispatcher) {
  const { processes, cores, draining, problems, frozen } = dispatcher;
  const state = part("orch-dispatcher-state");
  state.textContent = processes.length ? t("{count} running", { count: number(processes.length) }) : t("stopped");
  state.classList.toggle("badge-ok", processes.length > 0);
  part("orch-frozen").hidden = !frozen;
  part("orch-frozen").textContent = frozen ? t("Nothing is handed out: {why}", { why: told(frozen) }) : "";
  fill(part("orch-core-suggestions"), ...cores.map((id) => h("option", { value: id })));
  const entries = Object.entries(problems);
  part("orch-problems").hidden = !entries.length;
  fill(part("orch-problems"), ...entries.map(([core, why]) => h("li", {}, core ? `${core}: ${told(why)}` : told(why))));
  const rows = processes.map((one) => sessionRow(one, draining.includes(one.coreId)));
  fill(part("orch-sessions-body"), ...(rows.length ? rows : [empty(4, t("No session runs. Start one for a core above."))]));
}

function sessionRow(one, drains) {
  const every = one.stay ? t("looks every {seconds} s", { seconds: number(one.intervalSec) }) : t("takes one task");
  return h("tr", { dataset: { coreId: one.coreId } },
    h("th", { scope: "row" }, one.coreId),
    h("td", {}, drains ? t("finishes, takes no more") : every),
    h("td", {}, h("code", {}, String(one.pid))),
    h("td", { class: "buttons" },
      button("nudge", one.coreId, t("Look now")),
      button("drain", one.coreId, t("Drain")),
      button("stop", one.coreId, t("Stop"))));
}

function button(verb, core, words) {
  return h("button", { type: "button", class: "btn btn-small", dataset: { dispatch: verb, core }, ...allowedTo("dispatch"), "aria-label": `${core}: ${words}` }, words);
}

function empty(columns, words) {
  return h("tr", { class: "empty" }, h("td", { colSpan: columns }, words));
}

async function dryRun(place, core) {
  place.hidden = false;
  try {
    const found = await get(`/api/dispatch/dry-run?coreId=${encodeURIComponent(core)}`);
    fill(place, ...plan(core, found));
  } catch (error) {
    fill(place, h("p", {}, explain(error)));
  }
}

function plan(core, { frozen, tasks }) {
  if (frozen) return [h("p", {}, t("Nothing is handed out: {why}", { why: told(frozen) }))];
  if (!tasks.length) return [h("p", {}, t("{core} would take nothing: no READY task fits it.", { core }))];
  const words = t("{core} would take, in this order (bold: within its limit now):", { core });
  return [h("p", {}, words), h("ol", { class: "plain-list" }, ...tasks.map(planned))];
}

function planned(task) {
  const link = h("a", { href: taskUrl(task.task_id) }, `${task.task_id} ${task.title}`);
  return h("li", {}, task.taken ? h("strong", {}, link) : link, notesOf(task.notes));
}

function notesOf(notes) {
  const text = Array.isArray(notes) ? notes.join(", ") : notes;
  return text ? h("span", { class: "muted" }, ` ${text}`) : "";
}

async function sweep(part, look) {
  const words = part("btn-sweep-locks").textContent;
  if (await confirmDialog(t("{action}? Their DOING tasks become READY.", { action: words }))) {
    try {
      const { swept } = await post("/api/leases/sweep", {});
      toast(t("Cleared: {what}", { what: swept.join(", ") || t("none") }), { kind: "ok" });
    } catch (error) {
      toast(explain(error), { kind: "error" });
    }
    look();
  }
}
