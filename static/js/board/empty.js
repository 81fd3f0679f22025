// @ts-check
// What to say where there are no tasks to show.

import { store } from "../lib/store.js";
import { selection } from "./selection.js";

/** @typedef {import("./facts.js").Entry} Entry */

/**
 * Show the one of the widget's `[data-empty]` blocks that fits: lost (the ledger cannot be
 * read), none (it has no tasks), unmatched (filters leave nothing).
 * @param {HTMLElement} root
 * @param {Entry[]} all
 * @param {Entry[]} shown
 */
export function showEmpty(root, all, shown) {
  const fits = nameEmpty(all, shown);
  for (const block of root.querySelectorAll("[data-empty]")) {
    const node = /** @type {HTMLElement} */ (block);
    node.hidden = node.dataset.empty !== fits;
  }
  root.classList.toggle("is-bare", fits === "none" || fits === "lost");
  for (const button of root.querySelectorAll("[data-clear]")) {
    if (button instanceof HTMLElement) button.onclick = selection.clear;
  }
}

function nameEmpty(all, shown) {
  const { lost, missing } = store.ledger("task");
  if (all.length === 0) return lost || missing ? "lost" : "none";
  return shown.length === 0 ? "unmatched" : "";
}
