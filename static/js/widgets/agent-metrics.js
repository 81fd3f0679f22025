// @ts-check
// The agents in figures, from /metrics, and the host in one line.
import { ApiError, get, url } from "../lib/api.js";
import { number, t } from "../lib/i18n.js";
import { keepFresh } from "../lib/section.js";
import { CHANGED, call } from "../agents/registry.js";

const LOOK_SECONDS = 15;

/** Show the figures. @param {HTMLElement} root */
export function mount(root) {
  const look = keepFresh(root, read, (found) => show(root, found), { seconds: LOOK_SECONDS });
  document.addEventListener(CHANGED, look);
}

async function read() {
  const [figures, host, offline] = await Promise.all([readMetrics(), get("/api/quality/health"), countOffline()]);
  return { figures, host, offline };
}

// The registry may be closed to us; its own section asks for the token.
async function countOffline() {
  try {
    return (await call("/api/agents/list")).filter((agent) => !agent.online).length;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

async function readMetrics() {
  const response = await fetch(url("/metrics"));
  if (!response.ok) throw new ApiError(response.status, `${response.status} ${response.statusText}`, null, null);
  const lines = (await response.text()).matchAll(/^(orch_agents[^ ]*) ([^ \n]+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
}

function show(root, { figures, host, offline }) {
  const of = (...names) => names.reduce((sum, name) => sum + (figures[`orch_agents_status{status="${name}"}`] || 0), 0);
  const values = {
    m_total: figures.orch_agents_total,
    m_healthy: of("active", "online", "healthy"),
    m_degraded: of("degraded", "error", "inactive"),
    m_offline: offline,
    m_hb_max: figures.orch_agents_total ? Math.round(figures.orch_agents_heartbeat_age_max_seconds) : null,
    m_audit_total: figures.orch_agents_api_audit_total,
    m_audit_fail: figures.orch_agents_api_audit_failures,
  };
  for (const [id, value] of Object.entries(values)) root.querySelector(`#${id}`).textContent = number(value);
  root.querySelector("#sysHealth").textContent = t("CPU {cpu} %, memory {memory} %", {
    cpu: number(host.cpu_percent),
    memory: number(host.memory_percent),
  });
}
