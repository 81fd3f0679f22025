// @ts-check
// Who holds which task, and for how long still.
import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { number, relative, stamp, t } from "../lib/i18n.js";

/** Show our leases, foreign locks and tasks that failed too often; nothing on compact panels. */
export function showLeases(part, { leases, foreign, alerts }) {
  const body = part("orch-leases-body");
  if (!body) return;
  const rows = [...leases.map(leaseRow), ...foreign.map(foreignRow), ...alerts.map(alertRow)];
  fill(body, ...(rows.length ? rows : [h("tr", { class: "empty" }, h("td", { colSpan: 5 }, t("No task is held.")))]));
  const expired = foreign.filter((one) => one.expired).length;
  part("btn-sweep-locks").hidden = !expired;
  part("btn-sweep-locks").textContent = t("Clear {count} expired locks of others", { count: number(expired) });
}

function leaseRow(one) {
  const kind = one.mode === "pull" ? t("pull core") : t("command");
  return row(one.job_id, one.coreId, number(one.attempt), end(one.lock_expires_at), one.started ? kind : t("{kind}, not begun", { kind }));
}

function foreignRow(one) {
  const kind = one.expired ? t("lock of others, expired") : t("lock of others");
  return row(one.task_id, one.lock_owner, "—", end(one.lock_expires_at), kind);
}

function alertRow(one) {
  return row(String(one.id).replace("task_held_", ""), "—", "—", "—", one.message || one.title);
}

function end(time) {
  const known = time && time !== "-" && !Number.isNaN(Date.parse(time));
  return known ? h("time", { dateTime: time, title: stamp(time) }, relative(time)) : time || "—";
}

function row(id, holder, attempt, until, kind) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: taskUrl(id) }, id)),
    h("td", {}, holder || "—"),
    h("td", { class: "num" }, attempt),
    h("td", {}, until),
    h("td", {}, kind));
}
