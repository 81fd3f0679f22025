// @ts-check
// One entry of the journal: who did what when, the cells that changed, and its undo.
import { h } from "../lib/dom.js";
import { undo } from "../lib/edit.js";
import { may } from "../lib/role.js";
import { t } from "../lib/i18n.js";
import { taskUrl } from "../lib/api.js";
import { diffOf } from "./diff.js";
import { when } from "./when.js";

/** Name a journal event in the reader's language; an unknown one keeps its own name. */
export function nameEvent(event) {
  return names()[event] || event;
}

function names() {
  return {
    task_created: t("created"),
    task_added: t("added in the file"),
    task_updated: t("changed in the file"),
    task_removed: t("removed from the file"),
    task_edited: t("edited"),
    task_planned: t("back to plan"),
    task_promoted: t("made ready"),
    task_started: t("started"),
    task_submitted: t("handed in"),
    task_fix_requested: t("sent back to fix"),
    task_approved_done: t("done"),
    task_held: t("put on hold"),
    task_dropped: t("dropped"),
    task_claimed: t("taken by a core"),
    task_reported: t("reported by its core"),
    task_lease_renewed: t("lease extended"),
    task_lease_expired: t("lease ended"),
    task_lease_dropped: t("given back"),
    task_lock_swept: t("old lock cleared"),
    task_undone: t("undone"),
    approval_requested: t("approval requested"),
    approval_decided: t("decided"),
    approval_voided: t("approval without effect"),
    approval_added: t("added in the file"),
    approval_updated: t("changed in the file"),
    approval_removed: t("removed from the file"),
    approval_undone: t("undone"),
    milestone_added: t("added in the file"),
    milestone_updated: t("changed in the file"),
    milestone_removed: t("removed from the file"),
    milestone_undone: t("undone"),
    terminal_callback: t("reported by webhook"),
  };
}

/** Name where a change came from. */
export function nameSource(source) {
  const known = {
    http: t("web"),
    cli: t("command line"),
    dispatcher: t("dispatcher"),
    outside: t("file edit"),
  };
  return known[source] || source;
}

/**
 * Return the list item of one entry; `record` adds which row it is about, `done` is called after
 * its undo.
 */
export function entryItem(entry, { record = false, done = () => {} } = {}) {
  return h(
    "li",
    { class: "entry", id: `entry-${entry.id}`, dataset: { entry: String(entry.id) } },
    h(
      "div",
      { class: "entry-head" },
      record ? recordLink(entry) : null,
      h(
        "strong",
        {},
        entry.undoes ? t("takes back entry {id}", { id: entry.undoes }) : nameEvent(entry.event),
      ),
      h("span", { class: "entry-who" }, author(entry)),
      h("span", { class: "entry-when muted" }, when(entry.ts), " · ", `#${entry.id}`),
      entry.changes.length ? undoButton(entry, done) : null,
    ),
    entry.comment ? h("blockquote", { class: "entry-comment" }, entry.comment) : null,
    entry.changes.length ? diffOf(entry.changes) : null,
  );
}

function author(entry) {
  const isPlain = entry.role === entry.actor || entry.role === "-" || !entry.role;
  const name = isPlain ? entry.actor : `${entry.actor} (${entry.role})`;
  const from = nameSource(entry.source);
  return entry.claimed
    ? t("{name}, unproven, by {from}", { name, from })
    : t("{name} by {from}", { name, from });
}

function recordLink(entry) {
  const text = h("span", { class: "mono" }, entry.record_id);
  if (entry.kind === "task")
    return h("a", { href: taskUrl(entry.record_id), class: "entry-record" }, text);
  return h(
    "span",
    { class: "entry-record" },
    h("span", { class: "muted" }, nameKind(entry.kind), " "),
    text,
  );
}

function nameKind(kind) {
  return { approval: t("approval"), milestone: t("milestone") }[kind] || kind;
}

function undoButton(entry, done) {
  const label = entry.undoes ? t("Redo") : t("Undo");
  const hint = entry.undoable ? "" : t("The row was changed since; press to see by whom");
  const button = h(
    "button",
    {
      type: "button",
      class: entry.undoable ? "btn btn-small" : "btn btn-small btn-quiet",
      disabled: !may("write"),
      title: may("write") ? hint : t("Your role does not allow this."),
      "aria-label": `${label} #${entry.id}`,
      dataset: { undo: String(entry.id) },
      onclick: async () => {
        button.disabled = true;
        // A refusal says who changed the row since; it stays until it is closed.
        const answer = await undo(entry.id, { redo: Boolean(entry.undoes) });
        button.disabled = false;
        if (answer) done();
      },
    },
    label,
  );
  return button;
}
