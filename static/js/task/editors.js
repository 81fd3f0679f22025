// @ts-check
// The fields in which a task's cells are edited, one kind per cell.
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { store } from "../lib/store.js";

const ROLES = ["CMD", "WORK", "AUDIT"];

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
