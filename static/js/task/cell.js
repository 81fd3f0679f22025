// @ts-check
// One cell of a task, edited in place: Enter or F2 opens, Escape keeps a draft, nothing is lost.
import { h, fill } from "../lib/dom.js";
import { editTask } from "../lib/edit.js";
import { t } from "../lib/i18n.js";
import { whyReadOnly } from "../lib/role.js";
import { store } from "../lib/store.js";
import { authorName } from "../lib/words.js";
import { draftOf, keepDraft } from "./drafts.js";
import { makeField } from "./editors.js";
import { authorOf } from "./follow.js";
import { fromField, isSave, toField } from "./text.js";

/**
 * Show one cell in `box` and let it be edited.
 * @param {HTMLElement} box holds `.cell-shown`, and the label with the id `labelId`
 * @param {{name: string, labelId: string, show: (shown: HTMLElement, task: any) => void}} what
 * @returns {{update: (task: any) => void, open: () => void}}
 */
export function mountCell(box, { name, labelId, show }) {
  const shown = /** @type {HTMLElement} */ (box.querySelector(".cell-shown"));
  const place = /** @type {HTMLElement} */ (shown.parentElement);
  const kept = h("div", { class: "cell-draft", hidden: true });
  place.append(kept);
  let task = null;
  let editor = null;

  function update(latest) {
    if (latest) task = latest;
    if (editor) editor.compare(latest);
    else draw();
  }

  function draw() {
    shown.hidden = false;
    keepFocus(shown, () => show(shown, task));
    offerDraft();
  }

  function offerDraft() {
    const text = draftOf(task.id, name);
    const worth =
      text !== null && fromField(name, text) !== fromField(name, toField(name, task[name]));
    kept.hidden = !worth;
    if (!worth) return fill(kept);
    return fill(
      kept,
      h("span", {}, t("Not saved: “{text}”", { text: shorten(text) })),
      h(
        "button",
        { type: "button", class: "btn btn-small", onclick: () => open(text) },
        t("Continue"),
      ),
      h(
        "button",
        { type: "button", class: "btn btn-small btn-quiet", onclick: forget },
        t("Discard"),
      ),
    );
  }

  function forget() {
    keepDraft(task.id, name, null);
    draw();
  }

  function open(text = undefined) {
    if (editor || !task || isBlocked()) return;
    editor = makeEditor({ name, labelId, task, text, close });
    shown.hidden = true;
    kept.hidden = true;
    place.append(editor.form);
    editor.focus();
  }

  function close(saved) {
    editor.form.remove();
    editor = null;
    task = saved || store.task(task.id) || task;
    draw();
    const back = box.querySelector("[data-edit]");
    if (back instanceof HTMLElement) back.focus();
  }

  box.addEventListener("keydown", (event) => {
    if (event.key === "F2" && !editor) {
      event.preventDefault();
      open();
    }
  });
  box.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target.closest("[data-edit]") : null;
    if (at) open();
  });
  return { update, open };
}

/** Draw `place` anew; a button in it that had the focus gives it to the first one there is. */
export function keepFocus(place, draw) {
  const had = place.contains(document.activeElement);
  draw();
  const button = had && place.querySelector("button:not(:disabled)");
  if (button instanceof HTMLElement) button.focus();
}

/** Tell whether nothing can be written now: the ledger is damaged, or the role may not. */
export function isBlocked() {
  return whyReadOnly("task") !== "";
}

/** Return the button that shows a value and opens its editor. */
export function valueButton(label, content, extra = "") {
  return h(
    "button",
    {
      type: "button",
      class: `cell-value ${extra}`.trim(),
      dataset: { edit: "" },
      disabled: isBlocked(),
      title: whyReadOnly("task") || t("Edit (Enter or F2)"),
    },
    h("span", { class: "visually-hidden" }, t("Edit {label}: ", { label })),
    content,
  );
}

function makeEditor({ name, labelId, task, text, close }) {
  const { field, extras } = makeField(name, labelId);
  const start = toField(name, task[name]);
  const changed = h("div", { class: "cell-changed", role: "status", hidden: true });
  const error = h("p", { class: "cell-error", role: "alert", hidden: true });
  const save = h("button", { type: "submit", class: "btn btn-small btn-primary" }, t("Save"));
  const cancel = h(
    "button",
    { type: "button", class: "btn btn-small", onclick: leave },
    t("Cancel"),
  );
  const hint =
    name === "notes"
      ? t("Markdown. Ctrl+Enter saves, Escape cancels.")
      : t("Enter saves, Escape cancels.");
  const form = h(
    "form",
    { class: "cell-editor", novalidate: true, onsubmit: submit, onkeydown: onKey },
    h("div", { class: "cell-fields" }, field, ...extras),
    changed,
    error,
    h(
      "div",
      { class: "cell-actions" },
      save,
      cancel,
      h("span", { class: "muted cell-hint" }, hint),
    ),
  );
  field.value = text === undefined ? start : text;
  field.addEventListener("input", () => keepDraft(task.id, name, field.value));
  let latest = task;

  function compare(now) {
    if (now === undefined)
      return tell(t("The task is no longer in the ledger. Your text stays here."), null);
    latest = now;
    if (now[name] === task[name]) return tell("", null);
    const who = authorName(authorOf(now));
    const value = toField(name, now[name]) || "—";
    return tell(t("Changed by {who} just now: {value}", { who, value }), now);
  }

  function tell(words, theirs) {
    changed.hidden = !words;
    if (!words) return fill(changed);
    const take = () => {
      keepDraft(task.id, name, null);
      close(theirs);
    };
    const button = h(
      "button",
      { type: "button", class: "btn btn-small", onclick: take },
      t("Take theirs"),
    );
    return fill(changed, h("span", {}, words), theirs ? button : null);
  }

  function onKey(event) {
    if (event.key === "Escape" && !event.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      leave();
    } else if (event.target === field && isSave(name, event)) {
      event.preventDefault();
      submit(event);
    } else if (event.key === "Enter" && event.isComposing) {
      event.stopPropagation();
    }
  }

  function leave() {
    const same = field.value === toField(name, latest[name]);
    keepDraft(task.id, name, same ? null : field.value);
    close(null);
  }

  async function submit(event) {
    event.preventDefault();
    if (save.disabled) return;
    const value = fromField(name, field.value);
    if (value === fromField(name, toField(name, latest[name]))) {
      keepDraft(task.id, name, null);
      close(latest);
      return;
    }
    // Another cell's change is no conflict for this one; this cell's is, and shows both versions.
    const base = latest[name] === task[name] ? latest : task;
    busy(true);
    const answer = await editTask(base, { [name]: value }, { quiet: true });
    busy(false);
    if (answer && typeof answer === "object") {
      keepDraft(task.id, name, null);
      close(answer);
      return;
    }
    if (answer === null) {
      // The reader chose the other's version: ours is offered beside it.
      close(null);
      return;
    }
    error.hidden = false;
    error.textContent = answer;
    field.focus();
  }

  function busy(on) {
    save.disabled = on;
    field.readOnly = on;
  }

  return { form, compare, focus: () => (field.focus(), field.select()) };
}

function shorten(text) {
  const letters = Array.from(text.replaceAll("\n", " "));
  return letters.length > 60 ? `${letters.slice(0, 60).join("")}…` : letters.join("");
}
