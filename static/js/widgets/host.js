// @ts-check
// The host's load as bars with numbers.
import { get } from "../lib/api.js";
import { number } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { keepFresh } from "../lib/section.js";

const SECONDS = 10;

/** Show the bars and keep them true. @param {HTMLElement} root */
export function mount(root) {
  const show = (/** @type {any} */ { health }) => {
    for (const name of ["cpu", "memory", "disk"]) draw(root, name, health[`${name}_percent`]);
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
