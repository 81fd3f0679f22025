// @ts-check
// The bar and the side: connection, refresh, menu, theme.

import { url } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { store } from "../lib/store.js";
import { toast } from "../lib/ui.js";

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);

/** Wire the frame's own controls. */
export function start() {
  live.onState(showConnection);
  document.addEventListener("orch:unauthorized", tellLoggedOut);
  find("refresh-btn").addEventListener("click", refresh);
  showLoading();
  wireMenu();
  wireTheme();
  wireLanguage();
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

let isLoggedOut = false;

/** Offer the login where the session ended; agents' own keys are asked for in their section. */
function tellLoggedOut() {
  if (isLoggedOut || !document.getElementById("identity-name")) return;
  isLoggedOut = true;
  const here = location.pathname.slice((document.body.dataset.base || "").length);
  const next = encodeURIComponent(here + location.search);
  const login = () => location.assign(url(`/login?next=${next}`));
  toast(t("Your session has ended. What you typed stays here until you leave the page."),
    { kind: "error", action: { label: t("Log in"), run: login } });
}

async function refresh() {
  const read = await store.reload();
  if (isLoggedOut) return;
  if (!read.every(Boolean)) {
    toast(t("The server cannot be reached."), { kind: "error" });
    return;
  }
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

/** Scripts keep filters in the URL: the other language shall show the same. */
function wireLanguage() {
  const link = find("language-switch");
  const aim = () => {
    const wanted = new URL(location.href);
    wanted.searchParams.set("lang", link.lang);
    link.href = wanted.href;
  };
  for (const name of ["pointerdown", "focus", "click"]) link.addEventListener(name, aim);
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
