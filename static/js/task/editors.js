// @ts-check
// The fields in which a task's cells are edited, one kind per cell.
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { store } from "../lib/store.js";

const ROLES = ["CMD", "WORK", "AUDIT"];
// The blank ends what stands before it, such as an id in `depends=003 <br>` (docs/dispatcher.md).
const BREAK = " <br>";

/** Return what stands in the field for a cell's value: an empty cell is empty. */
export function toField(name, value) {
  const text = value === "-" ? "" : value || "";
  return name === "notes" ? text.replace(/ ?<br>/g, "\n") : text;
}

/** Return the cell's value for what stands in the field; a line of a note ends in `<br>`. */
export function fromField(name, text) {
  return name === "notes" ? text.trim().replace(/[ \t]*(?:\r\n?|\n)/g, BREAK) : text.trim();
}

/** Return `{field, extras}`: the element that holds the text, and what stands beside it. */
export function makeField(name, labelId) {
  if (name === "notes") return { field: notesField(labelId), extras: [] };
  const field = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "text",
      class: "cell-field",
      name,
      "aria-labelledby": labelId,
      autocomplete: "off",
    })
  );
  if (name === "owner") return { field, extras: [suggestOwners(field)] };
  if (name === "due") return { field, extras: [dayPicker(field)] };
  return { field, extras: [] };
}

/** Tell whether this key stroke saves; Enter is a line of its own in notes. */
export function isSave(name, event) {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return false;
  return name !== "notes" || event.ctrlKey || event.metaKey;
}

function notesField(labelId) {
  const field = /** @type {HTMLTextAreaElement} */ (
    h("textarea", { class: "cell-field", name: "notes", rows: 5, "aria-labelledby": labelId })
  );
  const grow = () => {
    field.rows = Math.min(24, Math.max(5, field.value.split("\n").length + 1));
  };
  field.addEventListener("input", grow);
  field.addEventListener("focus", grow);
  return field;
}

function suggestOwners(field) {
  const id = "cell-owners";
  const known = new Set([...ROLES, ...store.tasks().map((task) => task.owner)]);
  field.setAttribute("list", id);
  return h(
    "datalist",
    { id },
    ...[...known].filter((one) => one && one !== "-").map((value) => h("option", { value })),
  );
}

function dayPicker(field) {
  field.placeholder = "2025-10-17";
  const picker = /** @type {HTMLInputElement} */ (
    h("input", { type: "date", class: "cell-day", "aria-label": t("Choose a day"), tabindex: "-1" })
  );
  picker.addEventListener("focus", () => {
    picker.value = /^\d{4}-\d\d-\d\d/.test(field.value) ? field.value.slice(0, 10) : "";
  });
  picker.addEventListener("change", () => {
    if (!picker.value) return;
    field.value = picker.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  return picker;
}
