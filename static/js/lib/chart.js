// @ts-check
// Charts in the page's colours, redrawn when the theme changes; every one is also told in words.
import { lang, number } from "./i18n.js";
import { vendor } from "./vendor.js";

const DAY_MS = 86400000;
const SHORT_MS = 10 * 60000;
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
  const show = async (/** @type {T} */ shown) => {
    last = shown;
    canvas.setAttribute("aria-label", tell(shown));
    const Chart = await vendor("chart.js");
    if (last !== shown) return;
    const { type, data, options } = configure(shown);
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
 * @param {{unit?: string, max?: number}} [how]
 */
export function lines(series, { unit = "", max } = {}) {
  const axis = { grid: { color: colour("--line") }, ticks: { color: colour("--muted") }, border: { display: false } };
  const time = timeFormat(spanOf(series));
  return {
    type: "line",
    data: { datasets: series.map(dataset) },
    options: {
      parsing: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { ...axis, type: "linear", ticks: { ...axis.ticks, maxTicksLimit: 8, maxRotation: 0, callback: (/** @type {number} */ at) => time.format(at) } },
        y: { ...axis, beginAtZero: true, max, ticks: { ...axis.ticks, maxTicksLimit: 6, callback: (/** @type {number} */ value) => `${number(value)}${unit}` } },
      },
      plugins: {
        legend: { display: series.length > 1, labels: { color: colour("--text"), boxWidth: 12, boxHeight: 2 } },
        tooltip: { callbacks: { title: (/** @type {any[]} */ items) => (items.length ? time.format(items[0].parsed.x) : "") } },
      },
    },
  };
}

/** @param {{name: string, points: {x: number, y: number | null}[]}} one @param {number} at */
function dataset(one, at) {
  const line = colour(COLOURS[at % COLOURS.length]);
  return { label: one.name, data: one.points, borderColor: line, backgroundColor: line, borderWidth: 1.5, pointRadius: 0, spanGaps: false };
}

/** @param {number} span ms */
function timeFormat(span) {
  if (span > 2 * DAY_MS) return new Intl.DateTimeFormat(lang, { month: "numeric", day: "numeric", hour: "2-digit" });
  const seconds = span < SHORT_MS ? /** @type {const} */ ({ second: "2-digit" }) : {};
  return new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", ...seconds });
}

/** @param {{points: {x: number}[]}[]} series */
function spanOf(series) {
  const times = series.flatMap((one) => (one.points.length ? [one.points[0].x, one.points[one.points.length - 1].x] : []));
  return times.length ? Math.max(...times) - Math.min(...times) : 0;
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
