// @ts-check
// Names of the ledgers' and the journal's things in the reader's language.

import { t } from "./i18n.js";

/** Name a column of a ledger; an unknown one keeps its name. @param {string} cell */
export function cellName(cell) {
  /** @type {Record<string, string>} */
  const known = {
    id: t("ID"),
    title: t("Title"),
    status: t("Status"),
    owner: t("Owner"),
    lock: t("Lock"),
    lock_owner: t("Lock holder"),
    lock_expires_at: t("Lock ends"),
    due: t("Due"),
    artifact: t("Artifact"),
    notes: t("Notes"),
    appr_id: t("Approval ID"),
    task_id: t("Task"),
    op: t("Operation"),
    requested_by: t("Requested by"),
    approver: t("Decided by"),
    approver_role: t("Role of the decider"),
    ts_req: t("Requested at"),
    ts_dec: t("Decided at"),
    evidence: t("Evidence"),
    ms_id: t("Milestone ID"),
    name: t("Name"),
    kpi: t("KPI"),
    description: t("Description"),
    epics: t("Epics"),
    tasks: t("Tasks"),
    task_ids: t("Tasks"),
  };
  return known[cell] ?? cell;
}

/** Name several columns. @param {string[]} cells */
export const cellNames = (cells) => cells.map(cellName).join(t(", "));

/**
 * Name who changed something, as far as it is known: nobody names himself in the file or on a page
 * without a login.
 * @param {{actor?: string, source?: string} | null | undefined} by
 */
export function authorName(by) {
  if (!by?.actor && !by?.source) return t("somebody");
  if (by.source === "outside" || by.actor === "outside") return t("somebody in the file");
  if (by.actor === "http") return t("somebody on a page");
  if (by.actor === "cli") return t("somebody on the command line");
  return by.actor || t("somebody");
}
