// @ts-check
// What a ledger's problems mean and what to do about them (docs/ledger.md).
import { t } from "../lib/i18n.js";

/** Name what a severity blocks. */
export function nameSeverity(severity) {
  const known = {
    damage: t("blocks every write to the file"),
    row: t("blocks writes to the row"),
    warning: t("blocks nothing"),
    note: t("for your information"),
  };
  return known[severity] || severity;
}

/** Return `[name, advice]` of a problem's code. */
export function nameCode(code) {
  const known = {
    "conflict-marker": [
      t("An unfinished merge"),
      t("Finish the merge in an editor: keep one side and take the marker lines out."),
    ],
    "other-columns": [t("Other columns"), t("The table has other columns: nothing is listed.")],
    "no-table": [t("No ledger table"), t("The file needs a table with all required columns.")],
    "empty-file": [t("The file is empty"), t("Restore it from git or a backup.")],
    "not-utf-8": [t("Not UTF-8"), t("Save the file as UTF-8 again.")],
    "nul-character": [t("A torn save"), t("Restore the line from git or a backup.")],
    "unfinished-save": [t("The file ends in mid-line"), t("Complete the last line or restore it.")],
    unreadable: [t("The file cannot be read"), t("Check its permissions.")],
    "duplicate-id": [
      t("Ids that stand in more than one row"),
      t("Give one of the rows another id."),
    ],
    "swallowed-text": [
      t("Text directly under a table"),
      t("Put a blank line between the table and the text."),
    ],
    "extra-delimiter": [t("A second delimiter row"), t("Take the line of dashes out.")],
    "missing-cells": [t("Rows with too few cells"), t("Add the missing cells in an editor.")],
    "surplus-cells": [
      t("Rows with too many cells"),
      t("A pipe in a text separates cells: write it as \\| there, or take the last cell out."),
    ],
    "double-column": [
      t("Two columns with one name"),
      t("The first one counts. Give the other one another name."),
    ],
    "read-only-dialect": [
      t("Tasks found in prose"),
      t("They are listed and never written. Move them into the table to work on them here."),
    ],
    "unknown-status": [t("Statuses nobody knows"), t("Use one of the eight statuses.")],
    "no-evidence": [
      t("Approvals without evidence"),
      t("Name the file that the decision rests on."),
    ],
    "no-id": [t("Rows without an id"), t("Give the row an id.")],
    "orphan-approval": [
      t("Approvals that disagree with the tasks"),
      t("Their task is missing: correct the id or put the task back."),
    ],
    "text-disagrees": [
      t("Text and tables that disagree with the rows"),
      t("Only the row counts. Correct the other place or take it out."),
    ],
    "missing-file": [t("The file is missing"), t("Create it with its header, or restore it.")],
    "conflict-copy": [
      t("A save that lies beside the ledger"),
      t("Compare it with the ledger, merge by hand, delete the copy."),
    ],
    "row-apart": [
      t("Rows apart from their table"),
      t("They count. Move them up to the table when you are there."),
    ],
    "row-misfit": [
      t("Lines like rows that fit no table"),
      t("They do not count. Correct their number of cells, or their table."),
    ],
    "repeated-header": [
      t("A header once more"),
      t("Take the second header out, or make it a table of its own."),
    ],
  };
  return known[code] || [code, ""];
}
