// @ts-check
// Charts in the page's colours, redrawn when the theme changes; every one is also told in words.
import { h } from "./dom.js";
import { lang, number } from "./i18n.js";
import { limitsOf, stepFor, tickFormat, timeTicks } from "./ticks.js";
import { vendor } from "./vendor.js";

const MOST_TICKS = 8;
const COLOURS = ["--accent", "--ok", "--warn", "--bad", "--info", "--muted"];

/** Return a colour of the theme as the canvas needs it. @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Open a chart on a canvas; `configure` makes its type, data and options from what is shown.
 * @template T
 * @param {HTMLCanvasElement} canvas
 * @param {(shown: T) => any} configure
 * @param {(shown: T) => string} tell what a reader who sees no canvas is told
 * @returns {(shown: T) => Promise<void>} show something else
 */
export function openChart(canvas, configure, tell) {
  /** @type {any} */
  let chart = null;
  /** @type {T | undefined} */
  let last;
  canvas.setAttribute("role", "img");
  const nothing = h("p", { class: "chart-nothing muted", hidden: true, "aria-hidden": "true" });
  canvas.after(nothing);
  const show = async (/** @type {T} */ shown) => {
    last = shown;
    canvas.setAttribute("aria-label", tell(shown));
    const Chart = await vendor("chart.js");
    if (last !== shown) return;
    const { type, data, options } = configure(shown);
    nothing.hidden = type !== "line" || data.datasets.some((/** @type {any} */ one) => one.data.some((/** @type {any} */ point) => point.y !== null));
    nothing.textContent = nothing.hidden ? "" : tell(shown);
    if (chart) {
      chart.data = data;
      chart.options = { ...base(), ...options };
      chart.update("none");
    } else chart = new Chart(canvas, { type, data, options: { ...base(), ...options } });
  };
  onTheme(() => last !== undefined && show(last));
  return show;
}

function base() {
  return { responsive: true, maintainAspectRatio: false, animation: false, color: colour("--text") };
}

/** @param {() => void} tell */
function onTheme(tell) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

/**
 * Configure lines over time.
 * @param {{name: string, points: {x: number, y: number | null}[]}[]} series x in ms
 * @param {{unit?: string, max?: number, from?: number, to?: number}} [how] `from`, `to`: the axis' limits, ms
 */
export function lines(series, { unit = "", max, from, to } = {}) {
  const axis = { grid: { color: colour("--line") }, ticks: { color: colour("--muted") }, border: { display: false } };
  const limits = limitsOf(timesOf(series), from, to);
  const step = stepFor(limits ? limits.to - limits.from : 0, MOST_TICKS);
  const time = tickFormat(step);
  const exact = new Intl.DateTimeFormat(lang, { dateStyle: "short", timeStyle: "medium" });
  const afterBuildTicks = (/** @type {any} */ scale) => {
    scale.ticks = limits ? timeTicks(limits.from, limits.to, step).map((value) => ({ value })) : [];
  };
  return {
    type: "line",
    data: { datasets: series.map(dataset) },
    options: {
      parsing: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { ...axis, type: "linear", min: limits?.from, max: limits?.to, afterBuildTicks, ticks: { ...axis.ticks, maxRotation: 0, callback: (/** @type {number} */ at) => time(at) } },
        y: { ...axis, beginAtZero: true, max, ticks: { ...axis.ticks, maxTicksLimit: 6, callback: (/** @type {number} */ value) => `${number(value)}${unit}` } },
      },
      plugins: {
        legend: { display: series.length > 1, labels: { color: colour("--text"), boxWidth: 12, boxHeight: 2 } },
        tooltip: { callbacks: { title: (/** @type {any[]} */ items) => (items.length ? exact.format(items[0].parsed.x) : "") } },
      },
    },
  };
}

/** @param {{name: string, points: {x: number, y: number | null}[]}} one @param {number} at */
function dataset(one, at) {
  const line = colour(COLOURS[at % COLOURS.length]);
  return { label: one.name, data: one.points, borderColor: line, backgroundColor: line, borderWidth: 1.5, pointRadius: one.points.length < 3 ? 3 : 0, spanGaps: false };
}

/** The first and last moment of each line. @param {{points: {x: number}[]}[]} series */
function timesOf(series) {
  return series.flatMap(({ points }) => (points.length ? [points[0].x, points[points.length - 1].x] : []));
}

/** Configure a ring of parts. @param {{name: string, value: number, colour: string}[]} parts colours are the theme's names */
export function doughnut(parts) {
  return {
    type: "doughnut",
    data: {
      labels: parts.map((one) => `${one.name} ${number(one.value)}`),
      datasets: [{ data: parts.map((one) => one.value), backgroundColor: parts.map((one) => colour(one.colour)), borderColor: colour("--surface"), borderWidth: 2 }],
    },
    options: { cutout: "62%", plugins: { legend: { position: "right", labels: { color: colour("--text"), boxWidth: 12, boxHeight: 12 } } } },
  };
}

/**
 * Configure bars side by side.
 * @param {string[]} labels
 * @param {{name: string, values: number[], colours: string[]}[]} series one colour, or one for each bar
 */
export function bars(labels, series) {
  const ticks = { color: colour("--muted"), maxRotation: 0, autoSkip: true, maxTicksLimit: 10, precision: 0 };
  return {
    type: "bar",
    data: { labels, datasets: series.map((one) => ({ label: one.name, data: one.values, backgroundColor: one.colours.length > 1 ? one.colours.map(colour) : colour(one.colours[0]), maxBarThickness: 36 })) },
    options: {
      scales: { x: { grid: { display: false }, ticks }, y: { beginAtZero: true, grid: { color: colour("--line") }, border: { display: false }, ticks } },
      plugins: { legend: { display: series.length > 1, labels: { color: colour("--text"), boxWidth: 12, boxHeight: 12 } } },
    },
  };
}
