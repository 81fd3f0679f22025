// @ts-check
// The kanban board: one column for each status, lanes by owner.

import { number, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { store } from "../lib/store.js";
import { makeCarry } from "../board/carry.js";
import { arrange, countColumns, lanesOf } from "../board/columns.js";
import { watchDrag } from "../board/drag.js";
import { showEmpty } from "../board/empty.js";
import { watchKeys } from "../board/keys.js";
import { openMenu } from "../board/menu.js";
import { selection } from "../board/selection.js";
import { makeView } from "../board/view.js";
import { watchLimit } from "../board/wip.js";

/** Mount the board. @param {HTMLElement} root */
export async function mount(root) {
  await store.ready;
  const view = makeView(root);
  const carry = makeCarry(root, view);
  const keys = watchKeys(root, view, carry, openMenu);
  watchDrag(root, view, carry, (card) => entryOf(view, card));
  watchPointer(root, view);
  /** @type {number | null} */
  let limit = null;

  function draw() {
    if (root.hidden) return;
    const { all, shown } = selection.read();
    const owners = query.get("lanes") === "owner" ? lanesOf(all) : [null];
    root.classList.toggle("has-lanes", owners[0] !== null);
    const totals = countColumns(all);
    view.show(arrange(shown, [...totals.keys()], owners), totals);
    showLimit(root, totals.get("DOING") ?? 0, limit);
    showEmpty(root, all, shown);
    carry.check();
    keys.check();
    root.dataset.ready = "";
  }

  selection.subscribe(draw);
  watchLimit((found) => {
    limit = found;
    draw();
  });
  draw();
}

function entryOf(view, card) {
  const place = view.find(card.dataset.key ?? "");
  return place ? place.cell.window.items()[place.index] : null;
}

/** A press anywhere on a card opens its task; on its button, the menu. */
function watchPointer(root, view) {
  root.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const card = /** @type {HTMLElement | null} */ (target.closest(".card"));
    const entry = card && entryOf(view, card);
    if (!card || !entry) return;
    const button = /** @type {HTMLElement | null} */ (target.closest(".card-menu"));
    if (button) openMenu(button, entry);
    else if (!target.closest("a")) card.querySelector("a")?.click();
  });
}

/** Say how many tasks are in work of how many that the cores may have. */
function showLimit(root, /** @type {number} */ doing, /** @type {number | null} */ limit) {
  const place = root.querySelector('.col-head[data-status="DOING"] .col-wip');
  if (!place) return;
  const words = { doing: number(doing), limit: number(limit ?? 0) };
  place.textContent = limit === null ? "" : t("limit {doing} / {limit}", words);
  place.classList.toggle("is-over", limit !== null && doing > limit);
}
