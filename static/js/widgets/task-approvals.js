// @ts-check
// The approvals of a task, decided where they stand.
import { url } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { store } from "../lib/store.js";
import { badge } from "../lib/ui.js";
import { readEvidence, stateBadge } from "../approvals/evidence.js";
import { buttons } from "../approvals/row.js";
import { when } from "../task/when.js";

/** Show the approvals of the section's task. */
export async function mount(root) {
  const id = root.dataset.taskId;
  const list = root.querySelector("[data-approvals]");
  let shown = "";
  await store.ready;
  store.subscribe(["approvals"], draw);
  draw();

  function draw() {
    const ours = store.approvals().filter((one) => one.task_id === id);
    const now =
      ours.map((one) => `${one.appr_id} ${one.rev}`).join("\n") + store.isWritable("approval");
    if (now === shown) return;
    shown = now;
    const waitingFirst = [...ours]
      .reverse()
      .sort((a, b) => Number(b.status === "pending") - Number(a.status === "pending"));
    fill(
      list,
      ...(ours.length
        ? waitingFirst.map(item)
        : [h("li", { class: "muted" }, t("Nobody has asked for an approval of this task."))]),
    );
  }
}

function item(approval) {
  const pending = approval.status === "pending";
  const evidence = h("span", { class: "approval-evidence" });
  if (pending)
    readEvidence(approval.appr_id).then(
      (found) => fill(evidence, stateBadge(found)),
      () => {},
    );
  return h(
    "li",
    { class: "task-approval", dataset: { apprId: approval.appr_id } },
    h(
      "div",
      { class: "task-approval-head" },
      h(
        "a",
        { class: "mono", href: url(`/approvals?id=${encodeURIComponent(approval.appr_id)}`) },
        approval.appr_id,
      ),
      badge(approval.status),
      h("span", {}, approval.op),
    ),
    h("p", { class: "muted" }, pending ? asked(approval) : said(approval)),
    evidence,
    pending ? buttons(approval, () => {}) : null,
  );
}

function asked(approval) {
  return [t("requested by {who}", { who: approval.requested_by }), " · ", when(approval.ts_req)];
}

function said(approval) {
  return [t("decided by {who}", { who: approval.approver }), " · ", when(approval.ts_dec)];
}
