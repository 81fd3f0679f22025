// @ts-check
// Starts the page: the frame's parts at once, each widget when it comes near the reader's eyes.

import { t } from "./lib/i18n.js";
import { live } from "./lib/live.js";
import { h } from "./lib/dom.js";
import { nameCells } from "./lib/cards.js";
import { keepFormDraft } from "./lib/form-draft.js";
import { start as startBanner } from "./shell/banner.js";
import { start as startBar } from "./shell/bar.js";
import { start as startCreation } from "./shell/create.js";
import { start as startDetails } from "./shell/details.js";
import { start as startKeys } from "./shell/keys.js";
import { start as startPending } from "./shell/pending.js";
import { start as startSearch } from "./shell/search.js";

const NEAR = "600px";
const TRIES = 5;
const RETRY_MS = 1000;

/** Mount one widget; one that fails says so and leaves the others alone. @param {HTMLElement} root */
async function mount(root) {
  try {
    const module = await load(`./widgets/${root.dataset.widget}.js`);
    await module.mount(root);
    root.dataset.mounted = "";
  } catch (error) {
    root.prepend(h("p", { class: "banner damage" }, t("This part of the page cannot be shown.")));
    console.error(error);
  }
}

/** Import a module; a server that is away just now is waited for. @param {string} path */
async function load(path) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await import(path);
    } catch (error) {
      if (tried === TRIES) throw error;
      await connected();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** @returns {Promise<void>} */
function connected() {
  return new Promise((resolve) => {
    live.onState((state) => state !== "offline" && resolve());
  });
}

function mountWidgets() {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      mount(/** @type {HTMLElement} */ (target));
    }
  }, { rootMargin: NEAR });
  for (const root of document.querySelectorAll("[data-widget]")) observer.observe(root);
}

// Before a widget reads its form.
for (const form of document.querySelectorAll("form[data-draft]")) {
  keepFormDraft(/** @type {HTMLFormElement} */ (form), sessionStorage);
}
for (const table of document.querySelectorAll("table.cards")) nameCells(/** @type {HTMLTableElement} */ (table));
for (const start of [startBanner, startBar, startCreation, startDetails, startKeys, startPending,
  startSearch]) start();
mountWidgets();
live.start();
