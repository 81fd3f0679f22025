// @ts-check
// The bar and the side: connection, refresh, menu, theme.

import { t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { store } from "../lib/store.js";
import { toast } from "../lib/ui.js";

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);

/** Wire the frame's own controls. */
export function start() {
  live.onState(showConnection);
  find("refresh-btn").addEventListener("click", refresh);
  showLoading();
  wireMenu();
  wireTheme();
}

/** @param {string} state */
function showConnection(state) {
  const texts = {
    connecting: [t("Connecting..."), ""],
    socket: [t("Connected"), t("Changes arrive at once.")],
    stream: [t("Connected (stream)"), t("Changes arrive at once, by the event stream.")],
    offline: [t("Disconnected"), t("What you see may be old. Trying again.")],
  };
  const place = find("connection-status");
  const [text, hint] = texts[/** @type {keyof typeof texts} */ (state)];
  place.dataset.state = state;
  place.textContent = text;
  place.title = hint;
}

async function refresh() {
  await store.reload();
  document.dispatchEvent(new CustomEvent("orch:refresh", { bubbles: true }));
  toast(t("Read again."), { kind: "info" });
}

function showLoading() {
  const bar = find("loading-overlay");
  const timer = setTimeout(() => (bar.hidden = false), 300);
  store.ready.finally(() => {
    clearTimeout(timer);
    bar.hidden = true;
  });
}

function wireMenu() {
  const side = find("sidebar");
  const button = find("menu-btn");
  const show = (/** @type {boolean} */ open) => {
    side.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(!side.classList.contains("open")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !side.classList.contains("open")) return;
    show(false);
    button.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    const inside = /** @type {Element} */ (target).closest("#sidebar, #menu-btn");
    if (!inside) show(false);
  });
}

function wireTheme() {
  const select = find("theme-select");
  select.value = document.documentElement.dataset.theme || "system";
  select.addEventListener("change", () => {
    const theme = select.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem("orch_theme", theme);
    // Charts read the colours of the page.
    document.dispatchEvent(new CustomEvent("orch:theme", { bubbles: true }));
  });
}
