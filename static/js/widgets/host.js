// @ts-check
// The host's load as bars with numbers.
import { get } from "../lib/api.js";
import { number, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { keepFresh } from "../lib/section.js";

const SECONDS = 10;
const GIGABYTE = 2 ** 30;

/** Show the bars and keep them true. @param {HTMLElement} root */
export function mount(root) {
  const show = (/** @type {any} */ { health, memory_used, memory_total }) => {
    for (const name of ["cpu", "memory", "disk"]) draw(root, name, health[`${name}_percent`]);
    if (memory_total) tellMemory(root, memory_used / GIGABYTE, memory_total / GIGABYTE);
  };
  keepFresh(root, () => get("/api/quality/health"), show, { seconds: SECONDS });
  live.on("system_health_update", show);
}

/** @param {HTMLElement} root @param {string} name @param {number | null | undefined} value percent */
function draw(root, name, value) {
  const meter = /** @type {HTMLMeterElement} */ (root.querySelector(`#${name}-progress`));
  const isKnown = value !== null && value !== undefined;
  meter.value = isKnown ? value : 0;
  meter.textContent = isKnown ? `${value} %` : "";
  const details = /** @type {HTMLElement} */ (root.querySelector(`#${name}-details`));
  details.textContent = isKnown ? `${number(Math.round(value * 10) / 10)} %` : "—";
}

/** @param {HTMLElement} root @param {number} used gigabytes @param {number} total gigabytes */
function tellMemory(root, used, total) {
  const amount = (/** @type {number} */ size) => number(Math.round(size * 10) / 10);
  const details = /** @type {HTMLElement} */ (root.querySelector("#memory-details"));
  details.title = t("{used} of {total} GB", { used: amount(used), total: amount(total) });
}
