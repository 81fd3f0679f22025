// @ts-check
// The agents' registry: search, sort, heartbeat, report.
import { ApiError } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { relative, stamp, t } from "../lib/i18n.js";
import { allowedTo, forbid } from "../lib/role.js";
import { explain, keepFresh } from "../lib/section.js";
import { openDialog, toast } from "../lib/ui.js";
import { CHANGED, call, useToken } from "../agents/registry.js";
import { draftOf, keepDraft } from "../task/drafts.js";

const LOOK_SECONDS = 10;

/** Show the registry. @param {HTMLElement} root */
export function mount(root) {
  const view = { root, agents: [], key: "id", up: true };
  const part = (id) => need(root, `#${id}`);
  const look = keepFresh(root, () => read(part), (found) => {
    view.agents = found;
    show(view);
  }, { seconds: LOOK_SECONDS });
  document.addEventListener(CHANGED, look);
  part("agentsReload").addEventListener("click", look);
  part("agentSearch").addEventListener("input", () => show(view));
  part("statusFilter").addEventListener("change", () => show(view));
  part("agentsTable").tHead.addEventListener("click", (event) => sortBy(view, event.target.closest("th[data-key]")));
  part("tokenForm").addEventListener("submit", (event) => {
    event.preventDefault();
    useToken(part("agentToken").value.trim());
    look();
  });
  wireRows(view, look);
}

async function read(part) {
  try {
    const agents = await call("/api/agents/list");
    part("tokenForm").hidden = true;
    return agents;
  } catch (error) {
    part("tokenForm").hidden = !(error instanceof ApiError && error.status === 401);
    throw error;
  }
}

function show(view) {
  const search = view.root.querySelector("#agentSearch").value.normalize("NFKC").toLowerCase();
  const status = view.root.querySelector("#statusFilter").value;
  const shown = view.agents.filter((agent) => fits(agent, search, status)).sort((one, other) => compare(view, one, other));
  const body = view.root.querySelector("tbody");
  const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.dataset : null;
  fill(body, ...(shown.length ? shown.map(row) : [nothing(view)]));
  if (focused) body.querySelector(`[data-agent="${CSS.escape(focused.agent ?? "")}"][data-verb="${focused.verb}"]`)?.focus();
}

const tagsOf = (agent) => (Array.isArray(agent.tags) ? agent.tags : []);

function fits(agent, search, status) {
  const present = agent.online ? agent.status : "offline";
  if (status && status !== agent.status && status !== present) return false;
  return [agent.id, agent.name, ...tagsOf(agent)].join(" ").normalize("NFKC").toLowerCase().includes(search);
}

function compare(view, one, other) {
  const found = String(one[view.key]).localeCompare(String(other[view.key]), undefined, { numeric: true });
  return view.up ? found : -found;
}

function sortBy(view, th) {
  if (!th) return;
  view.up = view.key === th.dataset.key ? !view.up : true;
  view.key = th.dataset.key;
  for (const other of view.root.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
  th.setAttribute("aria-sort", view.up ? "ascending" : "descending");
  show(view);
}

function nothing(view) {
  const words = view.agents.length ? t("No agent fits the search.") : t("No agent is registered yet. Register one below, or let it send a heartbeat.");
  return h("tr", { class: "empty" }, h("td", { colSpan: 7 }, words));
}

function row(agent) {
  const beat = agent.heartbeat_at || agent.last_seen;
  const state = agent.online ? agent.status : t("{status} (offline)", { status: agent.status });
  return h("tr", { dataset: { id: agent.id } },
    h("th", { scope: "row" }, agent.id),
    h("td", {}, agent.name),
    h("td", {}, h("span", { class: agent.online ? "badge badge-ok" : "badge" }, state)),
    h("td", { title: stamp(agent.updated_at) }, relative(agent.updated_at)),
    h("td", { title: beat ? stamp(beat) : "" }, beat ? relative(beat) : t("never")),
    h("td", {}, tagsOf(agent).join(", ") || "—"),
    h("td", { class: "buttons" }, button(agent, "heartbeat", t("Heartbeat")), button(agent, "details", t("Details"))));
}

function button(agent, verb, words) {
  return h("button", { type: "button", class: "btn btn-small", dataset: { agent: agent.id, verb }, ...allowedTo(verb === "details" ? "read" : "write"), "aria-label": `${agent.id}: ${words}` }, words);
}

function wireRows(view, look) {
  const dialog = view.root.querySelector("#agentDialog");
  const form = view.root.querySelector("#reportForm");
  forbid(form.querySelectorAll("[type=submit]"), "write");
  view.root.querySelector("tbody").addEventListener("click", (event) => {
    const pressed = event.target.closest("button[data-verb]");
    if (pressed?.dataset.verb === "heartbeat") beat(pressed.dataset.agent, look);
    else if (pressed) openAgent(view, dialog, form, pressed.dataset.agent);
  });
  form.addEventListener("input", () => keepDraft(form.dataset.agent, "report", form.querySelector("#reportText").value));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    report(dialog, form, look);
  });
}

async function beat(id, look) {
  try {
    await call("/api/agents/heartbeat", { id });
    toast(t("{id}: the heartbeat was recorded.", { id }));
  } catch (error) {
    toast(explain(error), { kind: "error" });
  }
  look();
}

function openAgent(view, dialog, form, id) {
  const agent = view.agents.find((one) => one.id === id);
  if (!agent) return;
  form.querySelector(".form-error").hidden = true;
  form.dataset.agent = id;
  form.querySelector("#reportText").value = draftOf(id, "report") ?? "";
  dialog.querySelector("#agentDialogTitle").textContent = id;
  dialog.querySelector("#agentDetails").textContent = JSON.stringify(agent, null, 2);
  openDialog(dialog);
}

async function report(dialog, form, look) {
  const failed = form.querySelector(".form-error");
  try {
    await call("/api/agents/report", { id: form.dataset.agent, summary: form.querySelector("#reportText").value });
    keepDraft(form.dataset.agent, "report", null);
    dialog.close();
    toast(t("{id}: the report was kept.", { id: form.dataset.agent }));
    look();
  } catch (error) {
    failed.textContent = explain(error);
    failed.hidden = false;
  }
}
