// The agents' page: lists, searches and sorts the registry; every value is set as text.
"use strict";

const POLL_MS = 10000;
const NOTE_MS = 6000;
const base = document.body.dataset.base;
const area = document.getElementById("notification-area");
const table = document.getElementById("agentsTable");
const words = table.dataset;
const dialog = document.getElementById("agentDialog");
let agents = [];
let order = { key: "id", up: true };
let token = "";
let reporting = "";

function note(message, bad) {
  const box = document.createElement("div");
  box.className = bad ? "note bad" : "note";
  const text = document.createElement("span");
  text.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", area.dataset.close);
  close.addEventListener("click", () => box.remove());
  box.append(text, close);
  area.append(box);
  if (!bad) setTimeout(() => box.remove(), NOTE_MS);
}

async function call(path, body) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(base + path, {
    method: body ? "POST" : "GET",
    headers,
    body: body && JSON.stringify(body),
  });
  document.getElementById("tokenForm").hidden = response.status !== 401;
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    const why = answer && [answer.error, answer.detail].filter(Boolean).join(": ");
    throw new Error(why || `${area.dataset.failed} (${response.status})`);
  }
  return answer;
}

// Resolves to true when it was done; otherwise the reason is shown.
async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    note(error instanceof TypeError ? area.dataset.unreachable : error.message, true);
    return false;
  }
}

async function loadAgents() {
  agents = await call("/api/agents/list");
  render();
}

function render() {
  const search = document.getElementById("agentSearch").value.toLowerCase();
  const status = document.getElementById("statusFilter").value;
  const shown = agents.filter((agent) => fits(agent, search, status)).sort(compare);
  const rows = shown.map(makeRow);
  if (!rows.length) rows.push(makeEmpty());
  const focused = describeFocus();
  table.tBodies[0].replaceChildren(...rows);
  if (focused) table.querySelector(focused)?.focus();
}

function describeFocus() {
  const button = document.activeElement;
  const row = table.tBodies[0].contains(button) && button.closest("tr");
  if (!row) return null;
  return `tr[data-id="${CSS.escape(row.dataset.id)}"] button[data-verb="${button.dataset.verb}"]`;
}

function fits(agent, search, status) {
  const present = agent.online ? agent.status : "offline";
  if (status && status !== agent.status && status !== present) return false;
  const text = [agent.id, agent.name, ...(Array.isArray(agent.tags) ? agent.tags : [])];
  return text.join(" ").toLowerCase().includes(search);
}

function compare(one, other) {
  const found = String(one[order.key]).localeCompare(String(other[order.key]), undefined, {
    numeric: true,
  });
  return order.up ? found : -found;
}

function cell(text) {
  const td = document.createElement("td");
  td.textContent = text;
  return td;
}

function makeRow(agent) {
  const row = document.createElement("tr");
  row.dataset.id = agent.id;
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = agent.id;
  const status = document.createElement("td");
  const badge = document.createElement("span");
  badge.className = agent.online ? "task-status-badge agent-online" : "task-status-badge";
  badge.textContent = agent.online ? agent.status : `${agent.status} (${words.offline})`;
  status.append(badge);
  const tags = Array.isArray(agent.tags) ? agent.tags.join(", ") : "";
  const beat = agent.heartbeat_at || agent.last_seen || words.never;
  row.append(head, cell(agent.name), status, cell(agent.updated_at), cell(beat), cell(tags));
  row.append(makeButtons());
  return row;
}

function makeButtons() {
  const td = document.createElement("td");
  td.className = "buttons";
  for (const verb of ["heartbeat", "details"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.dataset.verb = verb;
    button.textContent = words[verb];
    td.append(button);
  }
  return td;
}

function makeEmpty() {
  const row = document.createElement("tr");
  row.className = "empty";
  const td = cell(words.noAgents);
  td.colSpan = 7;
  row.append(td);
  return row;
}

function sortBy(th) {
  const up = order.key === th.dataset.key ? !order.up : true;
  order = { key: th.dataset.key, up };
  for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
  th.setAttribute("aria-sort", up ? "ascending" : "descending");
  render();
}

async function heartbeat(id) {
  if (await attempt(() => call("/api/agents/heartbeat", { id }))) note(`${id}: ${words.beaten}`);
  await attempt(loadAgents);
}

function viewDetails(id) {
  const agent = agents.find((one) => one.id === id);
  if (!agent) return;
  reporting = id;
  document.getElementById("agentDialogTitle").textContent = id;
  document.getElementById("agentDetails").textContent = JSON.stringify(agent, null, 2);
  document.getElementById("reportForm").reset();
  dialog.showModal();
}

async function report(event) {
  event.preventDefault();
  const summary = document.getElementById("reportText").value;
  // The form keeps its text until the server has it.
  if (!(await attempt(() => call("/api/agents/report", { id: reporting, summary })))) return;
  dialog.close();
  note(`${reporting}: ${words.reported}`);
  await attempt(loadAgents);
}

async function registerAgent(event) {
  event.preventDefault();
  const place = document.getElementById("regMsg");
  const fields = Object.fromEntries(new FormData(event.target));
  place.textContent = "";
  const done = await attempt(async () => {
    const answer = await call("/api/agents/register", fields);
    place.textContent = `${words.registered}: ${answer.id}`;
  });
  if (!done) return;
  event.target.reset();
  await attempt(loadAgents);
}

async function refreshMetrics() {
  const response = await fetch(`${base}/metrics`);
  if (!response.ok) return;
  const found = parseMetrics(await response.text());
  const show = (id, value) => (document.getElementById(id).textContent = value ?? "-");
  const statuses = (...names) =>
    names.reduce((sum, name) => sum + (found[`orch_agents_status{status="${name}"}`] || 0), 0);
  show("m_total", found.orch_agents_total);
  show("m_healthy", statuses("active", "online", "healthy"));
  show("m_degraded", statuses("degraded", "error", "inactive"));
  show("m_offline", agents.filter((agent) => !agent.online).length);
  show("m_hb_max", Math.round(found.orch_agents_heartbeat_age_max_seconds || 0));
  show("m_audit_total", found.orch_agents_api_audit_total);
  show("m_audit_fail", found.orch_agents_api_audit_failures);
}

function parseMetrics(text) {
  const found = {};
  for (const line of text.split("\n")) {
    const match = /^(orch_agents\S*) (\S+)$/.exec(line);
    if (match) found[match[1]] = Number(match[2]);
  }
  return found;
}

async function refreshHealth() {
  const response = await fetch(`${base}/status`);
  if (!response.ok) return;
  const status = await response.json();
  const line = document.getElementById("sysHealth");
  const metrics = status.metrics || {};
  line.textContent = `${line.dataset.label}: CPU ${metrics.cpu}% / MEM ${metrics.mem}% / ${status.phase}`;
}

async function poll() {
  try {
    await loadAgents();
    await Promise.all([refreshMetrics(), refreshHealth()]);
  } catch {
    // The next poll tries again; the form for the token shows by itself.
  }
}

table.tHead.addEventListener("click", (event) => {
  const th = event.target.closest("th[data-key]");
  if (th) sortBy(th);
});
table.tBodies[0].addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const id = button.closest("tr").dataset.id;
  if (button.dataset.verb === "heartbeat") heartbeat(id);
  else viewDetails(id);
});
document.getElementById("tokenForm").addEventListener("submit", (event) => {
  event.preventDefault();
  token = document.getElementById("agentToken").value.trim();
  attempt(loadAgents);
});
for (const close of document.querySelectorAll("[data-close]")) {
  if (close.tagName === "BUTTON") close.addEventListener("click", () => dialog.close());
}
document.getElementById("agentSearch").addEventListener("input", render);
document.getElementById("statusFilter").addEventListener("change", render);
document.getElementById("agentsReload").addEventListener("click", () => attempt(loadAgents));
document.getElementById("registerForm").addEventListener("submit", registerAgent);
document.getElementById("reportForm").addEventListener("submit", report);
attempt(loadAgents).then(() => {
  refreshMetrics();
  refreshHealth();
});
setInterval(poll, POLL_MS);
