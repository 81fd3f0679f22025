// @ts-check
// Countdowns of leases: one timer for all, at most once a second, none when nothing is leased.

import { t } from "../lib/i18n.js";

/** @type {Set<{text: HTMLElement, mark: HTMLElement, until: number}>} */
const watched = new Set();
let timer = 0;

/** Write seconds as `m:ss`, from an hour on as `2h06m`. */
export function clock(/** @type {number} */ seconds) {
  const two = (/** @type {number} */ part) => String(Math.floor(part)).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}

function write({ text, mark, until }, now) {
  const over = until <= now;
  const words = over ? t("expired") : clock((until - now) / 1000);
  if (text.textContent !== words) text.textContent = words;
  if (mark.classList.contains("mark-late") !== over) mark.classList.toggle("mark-late", over);
}

function tick() {
  const now = Date.now();
  for (const lease of watched) {
    if (lease.mark.isConnected) write(lease, now);
    // What left the page, or has ended for good, is watched no more.
    if (!lease.mark.isConnected || lease.until <= now) watched.delete(lease);
  }
  if (watched.size === 0) stop();
}

function stop() {
  clearInterval(timer);
  timer = 0;
}

/** Keep the time left of a lock in `text`; `until` in ms, NaN: the ledger does not say. */
export function watchLease(
  /** @type {HTMLElement} */ text,
  /** @type {HTMLElement} */ mark,
  /** @type {number} */ until,
) {
  if (Number.isNaN(until)) return;
  write({ text, mark, until }, Date.now());
  watched.add({ text, mark, until });
  timer ||= window.setInterval(tick, 1000);
}
