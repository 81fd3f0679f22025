// @ts-check
// Everything that was changed, by day, with filters in the URL and an undo for each change.
import { get } from "../lib/api.js";
import { h, keyed } from "../lib/dom.js";
import { lang, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { keepFresh } from "../lib/section.js";
import { entryItem } from "../task/entry.js";

const FILTERS = ["kind", "source", "id", "actor"];
const PAGE = 100;

/** Show the journal as the URL asks for it. */
export function mount(root) {
  const form = root.querySelector("[data-filters]");
  const days = root.querySelector("[data-days]");
  const older = root.querySelector("[data-older]");
  const newest = root.querySelector("[data-newest]");
  const none = root.querySelector("[data-none]");
  let next = null;
  const look = keepFresh(root, () => get(`/api/history?${wanted()}`), show, {
    events: ["task_updated", "approval_updated", "milestone_updated", "reset"],
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  form.addEventListener("change", apply);
  root.querySelector("[data-clear]").addEventListener("click", (event) => {
    event.preventDefault();
    query.set({ ...Object.fromEntries(FILTERS.map((name) => [name, null])), before: null });
  });
  older.addEventListener("click", () => {
    query.set({ before: String(next) });
    root.scrollIntoView({ block: "start" });
  });
  newest.addEventListener("click", () => query.set({ before: null }));
  query.onChange(() => {
    fillForm(form, root);
    look();
  });
  fillForm(form, root);

  function apply() {
    const values = Object.fromEntries(
      FILTERS.map((name) => [name, form.elements.namedItem(name).value.trim() || null]),
    );
    query.set({ ...values, before: null });
  }

  function show({ entries, next_before }) {
    next = next_before;
    older.hidden = next === null;
    newest.hidden = !query.get("before");
    const drawDay = (section, [, list]) => drawEntries(section, list, look);
    keyed(
      days,
      byDay(entries),
      ([day]) => day,
      (one) => drawDay(dayOf(one[0]), one),
      drawDay,
    );
    none.hidden = entries.length > 0;
    none.textContent = isFiltered()
      ? t("No change fits the filter.")
      : t("Nothing was changed since the journal began.");
  }
}

function wanted() {
  const params = new URLSearchParams({ limit: String(PAGE) });
  for (const name of [...FILTERS, "before"]) {
    const value = query.get(name);
    if (value) params.set(name, value);
  }
  return params;
}

function isFiltered() {
  return FILTERS.some((name) => query.get(name));
}

function fillForm(form, root) {
  for (const name of FILTERS) {
    const field = form.elements.namedItem(name);
    if (field !== document.activeElement) field.value = query.get(name) || "";
  }
  root.querySelector("[data-clear]").hidden = !isFiltered();
}

function byDay(entries) {
  const days = new Map();
  for (const entry of entries) {
    const day = new Date(entry.ts).toDateString();
    days.set(day, [...(days.get(day) || []), entry]);
  }
  return [...days];
}

function dayOf(day) {
  const name = new Intl.DateTimeFormat(lang, { dateStyle: "full" }).format(new Date(day));
  return h("section", { class: "history-day" }, h("h3", {}, name), h("ol", { class: "entries" }));
}

// Whether an entry can be undone changes with its row: such an item is made anew.
function drawEntries(section, entries, done) {
  const render = (entry) => entryItem(entry, { record: true, done });
  keyed(
    section.querySelector(".entries"),
    entries,
    (one) => `${one.id} ${one.undoable}`,
    render,
    () => {},
  );
  return section;
}
