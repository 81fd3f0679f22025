// @ts-check
// The chosen approval beside the list: facts, evidence, decision, what happened to it.
import { get, taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { messageOf, told } from "../lib/reasons.js";
import { store } from "../lib/store.js";
import { badge } from "../lib/ui.js";
import { entryItem } from "../task/entry.js";
import { when } from "../task/when.js";
import { preview, readEvidence } from "./evidence.js";
import { buttons } from "./row.js";

/**
 * Keep the panel `root` showing one approval; `seen(id, evidence)` hears what its evidence is.
 * @returns {(approval: any) => void}
 */
export function mountDetail(root, { decided, seen }) {
  let shown = "";

  return function show(approval) {
    const now = approval
      ? `${approval.appr_id} ${approval.rev} ${store.isWritable("approval")}`
      : "";
    if (now === shown) return;
    shown = now;
    root.hidden = !approval;
    if (!approval) return;
    const evidence = h(
      "div",
      { class: "detail-evidence", "aria-live": "polite" },
      h("p", { class: "muted" }, t("Looking at the evidence…")),
    );
    const past = h("ol", { class: "entries" });
    fill(
      root,
      h("h3", {}, h("span", { class: "mono" }, approval.appr_id), badge(approval.status)),
      approval.status === "pending" ? buttons(approval, decided) : null,
      facts(approval),
      h("h4", {}, t("Evidence")),
      evidence,
      h("h4", {}, t("History")),
      past,
    );
    const current = () => shown === now;
    lookAt(approval, evidence, seen, current);
    readPast(approval, past, current);
  };
}

function facts(approval) {
  const task = store.task(approval.task_id);
  const link = task
    ? h("a", { href: taskUrl(task.id) }, h("span", { class: "mono" }, task.id), ` ${task.title}`)
    : t("{id} (not in the ledger)", { id: approval.task_id });
  const rows = [
    [t("Task"), link],
    [t("Operation"), approval.op || "—"],
    [t("Requested"), h("span", {}, `${approval.requested_by} · `, when(approval.ts_req))],
  ];
  if (approval.status !== "pending")
    rows.push([
      t("Decided"),
      h("span", {}, `${approval.approver} (${approval.approver_role}) · `, when(approval.ts_dec)),
    ]);
  return h(
    "dl",
    { class: "facts" },
    ...rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

async function lookAt(approval, place, seen, current) {
  try {
    const found = await readEvidence(approval.appr_id);
    seen(approval, found);
    if (current()) fill(place, preview(found));
  } catch (error) {
    if (current())
      fill(
        place,
        h(
          "p",
          { class: "cell-error" },
          t("The evidence cannot be read: {reason}", { reason: told(messageOf(error)) }),
        ),
      );
  }
}

async function readPast(approval, list, current) {
  const path = `/api/history?kind=approval&id=${encodeURIComponent(approval.appr_id)}&limit=20`;
  const answer = await get(path).catch(() => null);
  if (!current()) return;
  if (!answer || !answer.entries.length)
    fill(
      list,
      h(
        "li",
        { class: "muted" },
        answer
          ? t("Nothing was changed since the journal began.")
          : t("The journal does not answer."),
      ),
    );
  else fill(list, ...answer.entries.map((entry) => entryItem(entry)));
}
