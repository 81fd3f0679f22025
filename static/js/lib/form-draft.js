// @ts-check
// Text of a form that was not sent: kept for this tab, until the form is sent or cleared.

const KEY = "orch:draft:form:";

/** @typedef {{getItem: (key: string) => string | null, setItem: (key: string, value: string) => void, removeItem: (key: string) => void}} Storage */

/** Return what a form holds that may be kept: no secrets, no files. @param {HTMLFormElement} form */
const fieldsOf = (form) =>
  /** @type {HTMLInputElement[]} */ ([...form.elements]).filter(
    (one) => (one.name || one.id) && !["password", "file", "hidden", "submit", "button", "reset"].includes(one.type));

/** @param {HTMLInputElement} field */
const nameOf = (field) => field.name || field.id;

/**
 * Put back what was typed into a form and not sent, and keep what is typed from now on. A reset
 * forgets it: so does every form after it was sent.
 * @param {HTMLFormElement} form its `data-draft` names it
 * @param {Storage} storage
 */
export function keepFormDraft(form, storage) {
  const key = KEY + form.dataset.draft;
  restore(form, attempt(() => storage.getItem(key)));
  const keep = () => attempt(() => (storage.setItem(key, JSON.stringify(valuesOf(form))), null));
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  form.addEventListener("reset", () => attempt(() => (storage.removeItem(key), null)));
}

/** @param {HTMLFormElement} form */
const valuesOf = (form) =>
  Object.fromEntries(fieldsOf(form).map((one) => [nameOf(one), one.type === "checkbox" ? one.checked : one.value]));

/** @param {HTMLFormElement} form @param {string | null} text */
function restore(form, text) {
  const kept = attempt(() => JSON.parse(text || "null"));
  if (!kept || typeof kept !== "object") return;
  for (const field of fieldsOf(form)) {
    const value = kept[nameOf(field)];
    if (field.type === "checkbox" && typeof value === "boolean") field.checked = value;
    else if (typeof value === "string") field.value = value;
  }
}

// A browser that forbids storage, or whose storage is full, works without drafts.
/** @template T @param {() => T} ask @returns {T | null} */
function attempt(ask) {
  try {
    return ask();
  } catch {
    return null;
  }
}
