// @ts-check
// How many approvals wait: in the title, in the navigation, and as a notification for who wants it.

import { url } from "../lib/api.js";
import { number, t } from "../lib/i18n.js";
import { store } from "../lib/store.js";
import { toast } from "../lib/ui.js";

const KEY = "orch_notify";
const title = document.title;
/** Pending approvals that this page knows; null before the first list. @type {Set<string> | null} */
let known = null;

/** Keep the counts true, also in a hidden tab. */
export function start() {
  store.subscribe(["approvals"], update);
  wireSwitch();
}

function update() {
  const pending = store.approvals().filter((one) => one.status === "pending");
  const isKnown = !store.ledger("approval").lost;
  document.title = isKnown && pending.length ? `(${pending.length}) ${title}` : title;
  for (const place of document.querySelectorAll("[data-pending]")) {
    const element = /** @type {HTMLElement} */ (place);
    element.textContent = number(pending.length);
    element.hidden = !isKnown || pending.length === 0;
    element.setAttribute("aria-label", t("{count} waiting", { count: pending.length }));
  }
  if (known) tellNew(pending.filter((one) => !known?.has(one.appr_id)));
  known = new Set(pending.map((one) => one.appr_id));
}

/** @param {any[]} fresh */
function tellNew(fresh) {
  if (!fresh.length || !isWanted() || !document.hidden) return;
  const [first] = fresh;
  const text = fresh.length === 1
    ? t("{id} waits for a decision: {op}", { id: first.appr_id, op: first.op })
    : t("{count} approvals wait for a decision", { count: fresh.length });
  const shown = new Notification(text, { tag: "orch-approvals", icon: url("/static/img/mark.svg") });
  shown.addEventListener("click", () => {
    window.focus();
    location.assign(url("/approvals"));
  });
}

const isWanted = () =>
  "Notification" in window && Notification.permission === "granted" &&
  localStorage.getItem(KEY) === "yes";

function wireSwitch() {
  const box = /** @type {HTMLInputElement} */ (document.getElementById("notify-switch"));
  box.disabled = !("Notification" in window);
  box.checked = isWanted();
  box.addEventListener("change", async () => {
    const allowed = box.checked && (await Notification.requestPermission()) === "granted";
    if (box.checked && !allowed) {
      toast(t("The browser does not allow notifications for this page."), { kind: "error" });
    }
    box.checked = allowed;
    localStorage.setItem(KEY, allowed ? "yes" : "no");
  });
}
