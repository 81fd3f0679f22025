// @ts-check
// The task table: four tabs of the legacy and one with everything; full (windowed) or compact.

import { h, keyed } from "../lib/dom.js";
import { STATUS_OF } from "../lib/edit.js";
import { number } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { standstill } from "../lib/role.js";
import { store } from "../lib/store.js";
import { toast } from "../lib/ui.js";
import { windowed } from "../lib/window.js";
import { showEmpty } from "../board/empty.js";
import { openMenu } from "../board/menu.js";
import { moveTask } from "../board/move.js";
import { isSortable, sorted } from "../board/order.js";
import { renderRow, updateRow } from "../board/row.js";
import { selection } from "../board/selection.js";
import { TABS, holds, watchTabs } from "../board/tabs.js";

/** @typedef {import("../board/facts.js").Entry} Entry */

const FEW = 8;

/** Mount the table. @param {HTMLElement} root */
export async function mount(root) {
  await store.ready;
  const full = root.dataset.form === "full";
  const panels = new Map(Object.keys(TABS).map((tab) => [tab, makePanel(root, tab, full)]));
  let own = "in-progress";
  const chosen = () => {
    const wanted = full ? query.get("tab") ?? "all" : own;
    return wanted in TABS ? wanted : "all";
  };
  const showTab = watchTabs(root, (tab) => {
    own = tab;
    if (full) query.set({ tab: tab === "all" ? null : tab });
    draw();
  });

  function draw() {
    if (root.hidden) return;
    const { all, shown } = selection.read();
    // The overview shows everything, whatever its URL says.
    const entries = full ? shown : all;
    const tab = chosen();
    showTab(tab);
    showCounts(root, entries);
    panels.get(tab)?.(entries.filter((entry) => holds(tab, entry.status)));
    showEmpty(root, all, entries);
    root.dataset.ready = "";
  }

  if (full) watchSorting(root, draw);
  watchRows(root);
  selection.subscribe(draw);
  draw();
}

/** Return what shows entries in a tab's panel. */
function makePanel(root, tab, full) {
  const panel = root.querySelector(`[role="tabpanel"][data-tab="${tab}"]`);
  const body = panel.querySelector("tbody");
  const nothing = panel.querySelector("[data-nothing]");
  const render = (/** @type {Entry} */ entry) => renderRow(entry, tab);
  const update = (/** @type {HTMLElement} */ row, /** @type {Entry} */ entry) =>
    updateRow(row, entry, tab);
  const show = full
    ? windowRows(panel, body, render, update)
    : (entries) => keyed(body, entries.slice(0, FEW), keyOf, render, changedOnly(update));
  return (/** @type {Entry[]} */ entries) => {
    show(full ? inOrder(entries) : entries);
    nothing.hidden = entries.length > 0;
    body.parentElement.hidden = entries.length === 0;
    const more = panel.querySelector("[data-more]");
    if (more) more.hidden = entries.length <= FEW;
  };
}

const keyOf = (/** @type {Entry} */ entry) => entry.key;
const inOrder = (entries) => sorted(entries, query.get("sort"), query.get("dir") === "desc");

function windowRows(panel, body, render, update) {
  const table = body.parentElement;
  const gap = () => h("tr", { class: "rows-gap", "aria-hidden": "true" }, h("td", { colspan: 7 }));
  const rows = windowed({
    scroller: panel.querySelector(".table-window"), list: body, keyOf, render, update, gap,
    step: () => body.querySelector("tr:not(.rows-gap)")?.offsetHeight || 40,
    place: (row, index) => row.setAttribute("aria-rowindex", String(index + 2)),
    spare: 8,
  });
  return (entries) => {
    table.hidden = false;
    table.setAttribute("aria-rowcount", String(entries.length + 1));
    rows.show(entries);
  };
}

/** Update a row only when its entry is another one. */
function changedOnly(update) {
  const seen = new WeakMap();
  return (row, entry) => {
    if (seen.get(row) !== entry) update(row, entry);
    seen.set(row, entry);
  };
}

function showCounts(root, /** @type {Entry[]} */ entries) {
  for (const tab of Object.keys(TABS)) {
    const count = entries.filter((entry) => holds(tab, entry.status)).length;
    root.querySelector(`#${tab}-count`).textContent = number(count);
  }
}

function watchSorting(root, draw) {
  const show = () => {
    const name = query.get("sort");
    const order = query.get("dir") === "desc" ? "descending" : "ascending";
    for (const head of root.querySelectorAll("th[data-sort]")) {
      head.setAttribute("aria-sort", head.dataset.sort === name ? order : "none");
    }
  };
  root.addEventListener("click", (event) => {
    const name = event.target.closest("th[data-sort]")?.dataset.sort ?? null;
    if (!isSortable(name) || !event.target.closest("button")) return;
    const again = query.get("sort") === name;
    const down = query.get("dir") === "desc";
    // Up, down, as in the ledger.
    query.set({ sort: again && down ? null : name, dir: again && !down ? "desc" : null });
    draw();
  });
  query.onChange(show);
  show();
}

function watchRows(root) {
  root.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-key]");
    const entry = row && selection.read().all.find((one) => one.key === row.dataset.key);
    if (!entry) return;
    const verb = event.target.closest("[data-verb]");
    const menu = event.target.closest(".row-menu");
    const why = verb && standstill();
    if (why) toast(why, { kind: "info" });
    else if (verb) void moveTask(entry, { status: STATUS_OF[verb.dataset.verb], owner: entry.owner });
    else if (menu) openMenu(menu, entry);
  });
}
