// @ts-check
// The one question before a decision: what is decided, on which evidence, by whom, with a note.
import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { decide } from "../lib/edit.js";
import { t } from "../lib/i18n.js";
import { messageOf, told } from "../lib/reasons.js";
import { store } from "../lib/store.js";
import { badge, openDialog } from "../lib/ui.js";
import { when } from "../task/when.js";
import { nameState, preview, readEvidence, stateOf } from "./evidence.js";

const ROLES = ["CMD", "AUDIT"];
const ROLE_KEY = "orch:approver-role";
const NOTE_KEY = "orch:decision-note:";

/** Ask, then decide; resolves to the decided approval, or null when it was left pending. */
export async function askDecision(approval, status) {
  const dialog = draw(approval, status);
  document.body.append(dialog);
  const end = openDialog(dialog);
  look(dialog, approval);
  await end;
  const found = dialog.decided || null;
  dialog.remove();
  return found;
}

function draw(approval, status) {
  const approve = status === "approved";
  const error = h("p", { class: "cell-error", role: "alert", hidden: true });
  const note = h("textarea", {
    id: "decision-note",
    name: "comment",
    rows: 3,
    maxlength: 4000,
    autofocus: true,
  });
  note.value = read(() => sessionStorage.getItem(NOTE_KEY + approval.appr_id)) || "";
  note.addEventListener("input", () =>
    read(() => sessionStorage.setItem(NOTE_KEY + approval.appr_id, note.value)),
  );
  const go = h(
    "button",
    {
      type: "submit",
      class: `btn ${approve ? "btn-primary" : "btn-danger"}`,
      dataset: { confirm: "" },
    },
    approve ? t("Approve") : t("Reject"),
  );
  const role = roleField(approval);
  const dialog = h(
    "dialog",
    { class: "dialog decision", "aria-labelledby": "decision-title" },
    h(
      "form",
      { method: "dialog", onsubmit: submit, onkeydown: onKey },
      h(
        "h2",
        { id: "decision-title" },
        approve
          ? t("Approve {id}?", { id: approval.appr_id })
          : t("Reject {id}?", { id: approval.appr_id }),
      ),
      about(approval),
      h(
        "div",
        { class: "decision-evidence", "aria-live": "polite" },
        h("p", { class: "muted" }, t("Looking at the evidence…")),
      ),
      h(
        "div",
        { class: "field" },
        h("label", { for: "decision-note" }, t("Note")),
        note,
        h("p", { class: "field-help muted" }, t("Kept in the history; the next attempt reads it.")),
      ),
      role,
      error,
      h(
        "div",
        { class: "form-buttons" },
        h("button", { type: "button", class: "btn", dataset: { close: "" } }, t("Cancel")),
        go,
      ),
    ),
  );
  return dialog;

  function onKey(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing)
      submit(event);
  }

  async function submit(event) {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    const answer = await decide(
      approval,
      status,
      { comment: note.value.trim(), ...chosenRole(role) },
      { quiet: true },
    );
    go.disabled = false;
    if (answer && typeof answer === "object") {
      read(() => sessionStorage.removeItem(NOTE_KEY + approval.appr_id));
      dialog.decided = answer;
      dialog.close("done");
    } else if (typeof answer === "string") {
      error.hidden = false;
      error.textContent = answer;
    } else {
      dialog.close("");
    }
  }
}

function about(approval) {
  const task = store.task(approval.task_id);
  return h(
    "dl",
    { class: "facts" },
    fact(
      t("Task"),
      task
        ? h(
            "a",
            { href: taskUrl(task.id) },
            h("span", { class: "mono" }, task.id),
            ` ${task.title}`,
          )
        : t("{id} (not in the ledger)", { id: approval.task_id }),
    ),
    task ? fact(t("Status"), badge(task.status)) : null,
    fact(t("Operation"), approval.op || "—"),
    fact(t("Requested"), h("span", {}, `${approval.requested_by} · `, when(approval.ts_req))),
  );
}

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

async function look(dialog, approval) {
  const place = dialog.querySelector(".decision-evidence");
  try {
    const found = await readEvidence(approval.appr_id);
    place.classList.add(`is-${stateOf(found)}`);
    const title = t("Evidence: {state}", { state: nameState(found) });
    fill(
      place,
      h("details", { open: stateOf(found) === "changed" }, h("summary", {}, title), preview(found)),
    );
  } catch (error) {
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

// With a proven identity the server takes its name and role; without one the reader says which.
function roleField(approval) {
  if (document.getElementById("identity-name")) return null;
  const kept = read(() => sessionStorage.getItem(ROLE_KEY)) || "CMD";
  const chosen =
    ROLES.find((role) => role === kept && role !== approval.requested_by) ||
    ROLES.find((role) => role !== approval.requested_by);
  const select = h(
    "select",
    { id: "decision-role", name: "approver_role" },
    ...ROLES.map((role) => h("option", { value: role }, role)),
  );
  select.value = chosen;
  select.addEventListener("change", () =>
    read(() => sessionStorage.setItem(ROLE_KEY, select.value)),
  );
  return h(
    "div",
    { class: "field" },
    h("label", { for: "decision-role" }, t("You decide as")),
    select,
  );
}

function chosenRole(field) {
  if (!field) return {};
  const role = field.querySelector("select").value;
  return { approver: role, approver_role: role };
}

function read(ask) {
  try {
    return ask();
  } catch {
    return null;
  }
}
