// @ts-check
// The menu of a task: open it, and the steps that its status allows.

import { taskUrl } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { STATUS_OF, verbLabel, verbsOf } from "../lib/edit.js";
import { t } from "../lib/i18n.js";
import { standstill } from "../lib/role.js";
import { badge } from "../lib/ui.js";
import { short } from "./facts.js";
import { moveTask } from "./move.js";

/** @typedef {import("./facts.js").Entry} Entry */

/** @type {(() => void) | null} */
let close = null;

/**
 * Open the menu of a task below `anchor`; the focus returns there when it closes.
 * @param {HTMLElement} anchor
 * @param {Entry} entry
 */
export function openMenu(anchor, entry) {
  close?.();
  const menu = h("div", { class: "task-menu", role: "menu",
    "aria-label": t("Actions for {id}", { id: short(entry.task.id) }) }, ...items(entry));
  // Columns clip what is in them: the menu is a child of the page's main part.
  (document.querySelector("main") ?? document.body).append(menu);
  putBelow(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  close = () => shut(menu, anchor);
  watch(menu);
  focusItem(menu, 0);
}

function items(/** @type {Entry} */ entry) {
  const why = standstill() || (entry.moving ? t("A change is under way.") : "");
  const open = h("a", { role: "menuitem", tabindex: "-1", href: taskUrl(entry.task.id) },
    t("Open the task"));
  const verbs = verbsOf(entry.task.status).map((verb) =>
    h("button", { type: "button", role: "menuitem", tabindex: "-1", dataset: { verb },
      "aria-disabled": why ? "true" : null, onclick: () => run(entry, verb, why) },
      h("span", null, verbLabel(verb)), badge(STATUS_OF[verb])));
  const note = why || (verbs.length ? "" : t("{from} is final: no step leads out of it.",
    { from: short(entry.task.status) || "—" }));
  return [open, ...verbs, note && h("p", { class: "task-menu-note" }, note)];
}

function run(/** @type {Entry} */ entry, /** @type {string} */ verb, /** @type {string} */ why) {
  if (why) return;
  close?.();
  void moveTask(entry, { status: STATUS_OF[verb], owner: entry.owner });
}

function putBelow(menu, anchor) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(box.right - width, innerWidth - width - 8));
  const below = box.bottom + 4;
  menu.style.left = `${left}px`;
  menu.style.top = `${below + height > innerHeight ? Math.max(8, box.top - height - 4) : below}px`;
}

/** @returns {HTMLElement[]} */
const choices = (menu) => [...menu.querySelectorAll('[role="menuitem"]')];

function focusItem(menu, index) {
  const all = choices(menu);
  all[(index + all.length) % all.length]?.focus({ preventScroll: true });
}

function watch(menu) {
  menu.addEventListener("keydown", (event) => {
    const at = choices(menu).indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (event.key in next) focusItem(menu, next[event.key]);
    else if (event.key === "Escape" || event.key === "Tab") close?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  menu.addEventListener("focusout", (event) => {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (to && !menu.contains(to)) close?.();
  });
  document.addEventListener("pointerdown", outside, true);
  addEventListener("resize", away);
  document.addEventListener("scroll", away, true);
}

function outside(event) {
  const target = /** @type {Element} */ (event.target);
  if (!target.closest(".task-menu")) away();
}

const away = () => close?.();

function shut(menu, anchor) {
  close = null;
  const hadFocus = menu.contains(document.activeElement);
  menu.remove();
  anchor.removeAttribute("aria-expanded");
  document.removeEventListener("pointerdown", outside, true);
  document.removeEventListener("scroll", away, true);
  removeEventListener("resize", away);
  if (hadFocus && anchor.isConnected) anchor.focus({ preventScroll: true });
}
