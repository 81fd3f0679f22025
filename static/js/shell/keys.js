// @ts-check
// Keys that work everywhere; never while somebody types or a dialog is open.

import { url } from "../lib/api.js";
import { undoLast } from "../lib/edit.js";
import { openDialog } from "../lib/ui.js";
import { open as openCreation } from "./create.js";

/** @type {Record<string, string>} */
const PLACES = { o: "/", t: "/tasks", a: "/approvals", d: "/console" };
const SECOND_KEY_MS = 1200;
/** @type {any} */
let going = 0;

/** Listen for the page's keys. */
export function start() {
  document.addEventListener("keydown", onKey);
  document.getElementById("help-btn")?.addEventListener("click", help);
}

/** Tell whether a key press belongs to what has the focus. @param {KeyboardEvent} event */
export function isTaken(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  return event.defaultPrevented || event.isComposing || target.isContentEditable ||
    Boolean(target.closest("input, textarea, select, dialog[open]"));
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (isTaken(event)) return;
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
    event.preventDefault();
    undoLast();
  } else if (!event.ctrlKey && !event.metaKey && !event.altKey) plainKey(event);
}

/** @param {KeyboardEvent} event */
function plainKey(event) {
  if (going) return go(event);
  const acts = /** @type {Record<string, () => void>} */ ({
    "/": () => document.getElementById("search-box")?.focus(),
    "?": help,
    c: openCreation,
    g: () => (going = setTimeout(() => (going = 0), SECOND_KEY_MS)),
  });
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** @param {KeyboardEvent} event */
function go(event) {
  clearTimeout(going);
  going = 0;
  const place = PLACES[event.key];
  if (place) location.assign(url(place));
}

function help() {
  openDialog(/** @type {HTMLDialogElement} */ (document.getElementById("keyboardHelp")));
}
