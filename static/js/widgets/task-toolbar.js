// @ts-check
// Search, filters, lanes and the choice of view; all of it lives in the URL.

import { fill, h } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { store } from "../lib/store.js";
import { short } from "../board/facts.js";
import { STATUSES } from "../board/rules.js";
import { selection } from "../board/selection.js";

/** @typedef {import("../board/facts.js").Entry} Entry */

const TYPING = 80;
const MOST_CHOICES = 200;
const DEFAULT_VIEW = "board";

/** Set values as a step of their own, so that the browser's back button takes it back. */
function step(/** @type {Record<string, string | null>} */ values) {
  history.pushState(history.state, "", location.href);
  query.set(values);
}

/** Mount the toolbar. @param {HTMLElement} root */
export async function mount(root) {
  watchSearch(root);
  watchChoices(root);
  watchButtons(root);
  query.onChange(() => showChoices(root));
  showChoices(root);
  await store.ready;
  const draw = () => {
    const { all, shown } = selection.read();
    fillChoices(root, all);
    showCount(root, shown.length, all.length);
  };
  selection.subscribe(draw);
  draw();
}

const part = (root, name) => /** @type {any} */ (root.querySelector(`[name="${name}"]`));

function watchSearch(root) {
  const box = part(root, "q");
  let timer = 0;
  const look = () => query.set({ q: box.value.trim() ? box.value : null });
  box.addEventListener("input", (event) => {
    // What an input method has not committed yet is no search.
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = window.setTimeout(look, TYPING);
  });
  box.addEventListener("compositionend", look);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

function watchChoices(root) {
  for (const box of root.querySelectorAll("select")) {
    box.addEventListener("change", () => step({ [box.name]: box.value || null }));
  }
}

function watchButtons(root) {
  for (const button of root.querySelectorAll("[data-toggle]")) {
    const [name, value] = button.dataset.toggle.split("=");
    button.addEventListener("click", () =>
      step({ [name]: query.get(name) === value ? null : value }));
  }
  for (const link of root.querySelectorAll("[data-view-link]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const { viewLink } = link.dataset;
      step({ view: viewLink === DEFAULT_VIEW ? null : viewLink });
    });
  }
  root.querySelector("[data-clear-all]").addEventListener("click", () => {
    history.pushState(history.state, "", location.href);
    selection.clear();
    part(root, "q").focus();
  });
}

/** Show what the URL says. */
function showChoices(root) {
  const box = part(root, "q");
  const words = query.get("q") ?? "";
  if (box !== document.activeElement || !words) box.value = words;
  for (const select of root.querySelectorAll("select")) choose(select, query.get(select.name) ?? "");
  for (const button of root.querySelectorAll("[data-toggle]")) {
    const [name, value] = button.dataset.toggle.split("=");
    button.setAttribute("aria-pressed", String(query.get(name) === value));
  }
  showView(root, query.get("view") ?? DEFAULT_VIEW);
  root.querySelector("[data-clear-all]").hidden = !selection.narrow();
}

function showView(root, view) {
  for (const link of root.querySelectorAll("[data-view-link]")) {
    if (link.dataset.viewLink === view) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const node of document.querySelectorAll("[data-view-of]")) {
    if (node instanceof HTMLElement) node.hidden = node.dataset.viewOf !== view;
  }
}

/** Choose a value; one that the list does not have yet (a deep link) is added. */
function choose(select, value) {
  if (value && ![...select.options].some((option) => option.value === value)) {
    select.append(h("option", { value }, short(value)));
  }
  select.value = value;
}

function fillChoices(root, /** @type {Entry[]} */ all) {
  const statuses = new Set([...STATUSES, ...all.map((entry) => entry.status)]);
  const owners = new Set(all.map((entry) => entry.owner).sort());
  for (const [name, values] of Object.entries({ owner: owners, status: statuses })) {
    const select = part(root, name);
    const wanted = [...values].filter(Boolean).slice(0, MOST_CHOICES);
    const key = wanted.join("\n");
    if (select.dataset.choices === key) continue;
    select.dataset.choices = key;
    fill(select, select.options[0], ...wanted.map((value) => h("option", { value }, short(value))));
    choose(select, query.get(name) ?? "");
  }
}

function showCount(root, shown, total) {
  const words = shown === total
    ? t("{total} tasks", { total: number(total) })
    : t("{shown} of {total} tasks", { shown: number(shown), total: number(total) });
  const place = root.querySelector("[data-count]");
  if (place.textContent !== words) place.textContent = words;
}
