// @ts-check
// The guard of the LOCKS folder and the standing audit: whether they live, and what they log.
import { get } from "../lib/api.js";
import { relative, t } from "../lib/i18n.js";
import { keepFresh } from "../lib/section.js";

const LOOK_SECONDS = 5;
const LINES = 50;

/** Show guard, audit and log. @param {HTMLElement} root */
export function mount(root) {
  keepFresh(root, read, (found) => show(root, found), { seconds: LOOK_SECONDS });
}

async function read() {
  const [status, log] = await Promise.all([get("/api/autopilot/status"), get(`/api/autopilot/logs?lines=${LINES}`)]);
  return { ...status.data, lines: log.lines };
}

function show(root, { guard, audit, lines }) {
  const set = (id, text) => (root.querySelector(`#${id}`).textContent = text);
  const lives = guard.running || audit.active_recently;
  set("autopilot-status-badge", lives ? t("running") : t("stopped"));
  root.querySelector("#autopilot-status-badge").classList.toggle("badge-ok", lives);
  set("guard-status", guard.running ? t("running") : guard.heartbeat_exists ? t("stopped") : t("was never here"));
  set("autopilot-audit", audit.last_update_iso ? relative(audit.last_update_iso) : t("none yet"));
  set("autopilot-last-update", guard.last_update_iso ? relative(guard.last_update_iso) : "—");
  const log = root.querySelector("#autopilot-log");
  const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.textContent = lines.join("\n");
  if (follows) log.scrollTop = log.scrollHeight;
}
