// @ts-check
// One approval as a row of the table.
import { taskUrl, url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { whyReadOnly } from "../lib/role.js";
import { store } from "../lib/store.js";
import { badge } from "../lib/ui.js";
import { when } from "../task/when.js";
import { askDecision } from "./decide.js";

/** Return the row; `open` shows the approval, `decided` is told what was decided. */
export function approvalRow(approval, { open, decided }) {
  const task = store.task(approval.task_id);
  const id = approval.appr_id;
  return h(
    "tr",
    { class: `approval is-${approval.status}`, dataset: { apprId: id }, tabindex: "-1" },
    h(
      "td",
      { class: "mono" },
      h(
        "a",
        {
          href: url(`/approvals?id=${encodeURIComponent(id)}`),
          tabindex: "-1",
          onclick: (event) => (event.preventDefault(), open(id)),
        },
        id,
      ),
      h("span", { class: "row-evidence" }),
    ),
    h(
      "td",
      {},
      task
        ? h(
            "a",
            { class: "approval-task", href: taskUrl(task.id), tabindex: "-1" },
            h("span", { class: "mono" }, task.id),
            " ",
            h("span", { class: "muted" }, task.title),
          )
        : h("span", { class: "mono" }, approval.task_id),
    ),
    h("td", {}, approval.op || "—"),
    h("td", {}, badge(approval.status)),
    h("td", {}, approval.requested_by || "—"),
    h("td", {}, approver(approval)),
    h("td", { class: "nowrap" }, when(approval.ts_req)),
    h(
      "td",
      { class: "row-actions" },
      approval.status === "pending" ? buttons(approval, decided) : null,
    ),
  );
}

function approver({ approver: name, approver_role: role }) {
  if (!name || name === "-") return "—";
  return name === role || !role || role === "-" ? name : `${name} (${role})`;
}

/** Return the two buttons of a pending approval. */
export function buttons(approval, decided) {
  const title = whyReadOnly("approval");
  const blocked = title !== "";
  const one = (status, text, kind) =>
    h(
      "button",
      {
        type: "button",
        class: `btn btn-small ${kind}`,
        disabled: blocked,
        title,
        dataset: { decide: status },
        "aria-label": `${text} ${approval.appr_id}`,
        onclick: async () =>
          decided(await askDecision(store.approval(approval.appr_id) || approval, status)),
      },
      text,
    );
  return h(
    "span",
    { class: "decision-buttons" },
    one("approved", t("Approve"), "btn-primary"),
    one("rejected", t("Reject"), ""),
  );
}
