// @ts-check
// Keep one section of a page true: read a route, show it, say what went wrong, read again.
import { ApiError } from "./api.js";
import { live } from "./live.js";
import { t } from "./i18n.js";
import { told } from "./reasons.js";

const QUIET_MS = 150;

/**
 * Read and show now, on every named live event, every `seconds` while the tab is seen, and when
 * the reader asks for a refresh. Resolve to the function that does it once more.
 * @template T
 * @param {HTMLElement} root holds `[data-state]`, the line for what is missing
 * @param {() => Promise<T>} read
 * @param {(found: T) => void} show
 * @param {{seconds?: number, events?: string[]}} [when]
 */
export function keepFresh(root, read, show, { seconds = 0, events = [] } = {}) {
  const look = once(async () => {
    try {
      show(await read());
      say(root, "");
    } catch (error) {
      say(root, explain(error));
    }
  });
  const soon = settle(look);
  for (const name of events) live.on(name, soon);
  document.addEventListener("orch:refresh", soon);
  document.addEventListener("visibilitychange", () => document.hidden || soon());
  if (seconds) setInterval(() => document.hidden || look(), seconds * 1000);
  look();
  return look;
}

/** Write what is missing into the section's state line; nothing hides it. */
export function say(root, text) {
  const line = /** @type {HTMLElement | null} */ (root.querySelector("[data-state]"));
  if (!line) return;
  line.textContent = text;
  line.hidden = !text;
}

/** Put an error into words for the reader. */
export function explain(error) {
  if (error instanceof ApiError && error.status === 0) return t("The server does not answer.");
  return told(error && error.message ? error.message : error);
}

// A call while one is under way is done once more after it, not beside it.
function once(work) {
  let running = null;
  let again = false;
  return async function run() {
    if (running) {
      again = true;
      return running;
    }
    running = work();
    await running;
    running = null;
    if (again) {
      again = false;
      await run();
    }
  };
}

function settle(work) {
  let waiting = 0;
  return () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(work, QUIET_MS);
  };
}
