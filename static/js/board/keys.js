// @ts-check
// The board by keyboard: one tab stop, arrows between cards, Space lifts and drops.

import { taskUrl } from "../lib/api.js";
import { isFolded } from "./view.js";

/** @typedef {import("./facts.js").Entry} Entry */
/** @typedef {import("./view.js").Cell} Cell */

/**
 * Give the board its keys.
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./view.js").makeView>} view
 * @param {ReturnType<typeof import("./carry.js").makeCarry>} carry
 * @param {(card: HTMLElement, entry: Entry) => void} openMenu
 */
export function watchKeys(root, view, carry, openMenu) {
  let current = "";

  const open = () => [...view.cells.values()].filter((cell) => !isFolded(cell.status));
  const filled = (/** @type {Cell} */ cell) => cell.window.items().length > 0;

  function stop(/** @type {HTMLElement | null | undefined} */ card, on) {
    card?.setAttribute("tabindex", on ? "0" : "-1");
    card?.querySelector(".card-menu")?.setAttribute("tabindex", on ? "0" : "-1");
  }

  /** Make a card the only tab stop; it stays in the page however far one scrolls. */
  function choose(/** @type {string} */ key) {
    if (key !== current) {
      const old = view.find(current);
      old?.cell.window.hold("");
      stop(old?.cell.window.row(current), false);
    }
    current = key;
    const place = view.find(key);
    place?.cell.window.hold(key);
    stop(place?.cell.window.row(key), true);
  }

  function goTo(/** @type {Cell | undefined} */ cell, /** @type {number} */ index) {
    if (!cell || !filled(cell)) return;
    const items = cell.window.items();
    const at = Math.max(0, Math.min(index, items.length - 1));
    choose(items[at].key);
    const card = cell.window.reveal(at);
    stop(card, true);
    card?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Return the next cell of the same lane (step over columns) or column (over lanes). */
  function beside(/** @type {Cell} */ cell, /** @type {"row" | "column"} */ along, by, wanted) {
    const line = open().filter((one) =>
      along === "row" ? one.owner === cell.owner : one.status === cell.status);
    let at = line.indexOf(cell) + by;
    while (line[at] && !wanted(line[at])) at += by;
    return line[at];
  }

  /** @type {Record<string, (cell: Cell, index: number) => void>} */
  const walk = {
    ArrowUp: (cell, index) =>
      index > 0 ? goTo(cell, index - 1) : goTo(beside(cell, "column", -1, filled), Infinity),
    ArrowDown: (cell, index) =>
      index + 1 < cell.window.items().length
        ? goTo(cell, index + 1)
        : goTo(beside(cell, "column", 1, filled), 0),
    ArrowLeft: (cell, index) => goTo(beside(cell, "row", -1, filled), index),
    ArrowRight: (cell, index) => goTo(beside(cell, "row", 1, filled), index),
    Home: (cell) => goTo(cell, 0),
    End: (cell) => goTo(cell, Infinity),
    PageUp: (cell, index) => goTo(cell, index - 5),
    PageDown: (cell, index) => goTo(cell, index + 5),
  };

  /** @type {Record<string, ["row" | "column", number]>} */
  const ways = {
    ArrowLeft: ["row", -1], ArrowRight: ["row", 1], ArrowUp: ["column", -1],
    ArrowDown: ["column", 1],
  };

  function carryKey(/** @type {KeyboardEvent} */ event) {
    const aim = carry.held()?.aim;
    const way = ways[event.key];
    if (way && aim) {
      const next = beside(aim, way[0], way[1], () => true);
      if (next) carry.aim(next);
      next?.node.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else if (event.key === " " || event.key === "Enter") void put();
    else if (event.key === "Escape" || event.key === "Tab") carry.cancel();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  }

  async function put() {
    const key = carry.held()?.entry.key ?? "";
    const done = carry.drop();
    // The card is drawn in its new place with the next frame, and goes back there when refused.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    refocus(key);
    await done;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    refocus(key);
  }

  /** Give the focus back to a card that was moved, unless the reader went on elsewhere. */
  function refocus(/** @type {string} */ key) {
    const focus = document.activeElement;
    if (focus && focus !== document.body && !root.contains(focus)) return;
    const place = view.find(key);
    if (place) goTo(place.cell, place.index);
  }

  root.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (carry.held()) return carryKey(event);
    const card = /** @type {HTMLElement | null} */ (target.closest(".card"));
    const place = card && view.find(card.dataset.key ?? "");
    if (!card || !place || target !== card) return;
    const entry = place.cell.window.items()[place.index];
    if (walk[event.key]) walk[event.key](place.cell, place.index);
    else if (event.key === "Enter") location.assign(taskUrl(entry.task.id));
    else if (event.key === " ") carry.lift(entry);
    else if (event.key === "m" || event.key === "ContextMenu") openMenu(card, entry);
    else if (event.key === "F10" && event.shiftKey) openMenu(card, entry);
    else return;
    event.preventDefault();
  });

  root.addEventListener("focusin", (event) => {
    const card = /** @type {HTMLElement} */ (event.target).closest(".card");
    if (card instanceof HTMLElement && card.dataset.key) choose(card.dataset.key);
  });

  return {
    /** After the board was drawn: keep one tab stop. */
    check() {
      const first = open().find(filled);
      const found = view.find(current);
      const visible = found && !isFolded(found.cell.status);
      choose(visible ? current : (first?.window.items()[0].key ?? ""));
    },
  };
}
