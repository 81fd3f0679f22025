// @ts-check
// The board in the page: column heads, lanes, and a windowed list in each cell.

import { fill, h, keyed } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { statusClass } from "../lib/ui.js";
import { windowed } from "../lib/window.js";
import { renderCard, updateCard } from "./card.js";
import { OTHERS } from "./columns.js";
import { short } from "./facts.js";

/** @typedef {import("./facts.js").Entry} Entry */
/** @typedef {import("./columns.js").Lane} Lane */
/** @typedef {{status: string, owner: string | null, node: HTMLElement, list: HTMLElement,
 *   window: ReturnType<typeof windowed<Entry>>}} Cell */

/** The column that is folded until a reader asks for it. */
export const FOLDED = "DROP";
export const isFolded = (/** @type {string} */ status) =>
  status === FOLDED && query.get("dropped") !== "1";

/** Say in words what a status of the contract means; others speak for themselves. */
export function gloss(/** @type {string} */ status) {
  const words = {
    PLAN: t("planned"), READY: t("can start"), DOING: t("in work"), REVIEW: t("to be checked"),
    FIX: t("to be mended"), DONE: t("finished"), HOLD: t("on hold"), DROP: t("given up"),
  };
  return words[/** @type {keyof typeof words} */ (status)] ?? "";
}

/**
 * Draw the board below `root`.
 * @param {HTMLElement} root the widget, with its parts heads, lanes and probe
 */
export function makeView(root) {
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-part="${name}"]`));
  const [heads, lanes, probe, scroll] = ["heads", "lanes", "probe", "scroll"].map(part);
  /** @type {Map<string, Cell>} */
  const cells = new Map();
  let height = probe.offsetHeight;
  /** @type {Lane[]} */
  let shown = [];

  new ResizeObserver(() => {
    if (probe.offsetHeight === height) return;
    height = probe.offsetHeight;
    fillCells();
  }).observe(probe);

  function cellOf(owner, status) {
    const key = `${owner ?? ""}\n${status}`;
    const found = cells.get(key);
    if (found) return found;
    const list = h("div", { class: "cards" });
    const node = h("div", { class: "cell", dataset: { status, owner: owner ?? "" } }, list);
    const window = windowed({
      scroller: node, list, keyOf, render: renderCard, update: updateCard, step: () => height,
      gap: () => h("div", { class: "cards-gap" }), place,
    });
    const cell = { status, owner, node, list, window };
    cells.set(key, cell);
    return cell;
  }

  function drawLane(/** @type {Lane} */ lane) {
    const head = lane.owner === null ? null : h("h3", { class: "lane-head" },
      h("bdi", null, short(lane.owner) || "—"), h("span", { class: "lane-count" }));
    const row = h("div", { class: "lane-cells" },
      ...[...lane.cells.keys()].map((status) => cellOf(lane.owner, status).node));
    return h("div", { class: "lane", dataset: { owner: lane.owner ?? "" } }, head, row);
  }

  function updateLane(/** @type {Element} */ node, /** @type {Lane} */ lane) {
    const count = node.querySelector(".lane-count");
    if (count) count.textContent = number(lane.count);
  }

  function fillCells() {
    const filled = shown.flatMap((lane) => [...lane.cells].map(([status, entries]) => {
      const cell = cellOf(lane.owner, status);
      // All are measured before the first one is changed: the page is laid out once.
      return { cell, entries, measured: cell.window.measure() };
    }));
    filled.forEach(fillCell);
  }

  function fillCell({ cell, entries, measured }) {
    const folded = isFolded(cell.status);
    cell.node.classList.toggle("is-folded", folded);
    cell.node.classList.toggle("is-empty", entries.length === 0);
    cell.window.show(folded ? [] : entries, measured);
    // A list without items is none for assistive technology.
    if (entries.length && !folded) nameList(cell);
    else for (const name of ["role", "aria-label"]) cell.list.removeAttribute(name);
  }

  function structure(lanesNow) {
    const wanted = lanesNow.map((lane) => [lane.owner, ...lane.cells.keys()].join("\n"));
    return wanted.join("\n\n");
  }

  let drawn = "";
  return {
    scroll,
    cells,
    /** Show these lanes; only what changed is touched. */
    show(/** @type {Lane[]} */ wanted, /** @type {Map<string, number>} */ totals) {
      shown = wanted;
      const columns = [...(wanted[0]?.cells.keys() ?? totals.keys())];
      drawHeads(heads, columns, wanted, totals);
      scroll.style.setProperty("--columns", widths(columns, wanted));
      const now = structure(wanted);
      if (now !== drawn) {
        drawn = now;
        forget(wanted);
        fill(lanes, ...wanted.map(drawLane));
      }
      [...lanes.children].forEach((node, place) => updateLane(node, wanted[place]));
      fillCells();
    },
    /** Return where an entry stands. */
    find(/** @type {string} */ key) {
      for (const cell of cells.values()) {
        const index = cell.window.indexOf(key);
        if (index >= 0) return { cell, index };
      }
      return null;
    },
    /** Return the cell that an element belongs to. */
    cellAt(/** @type {Element | null} */ element) {
      const node = element?.closest(".cell");
      return [...cells.values()].find((cell) => cell.node === node) ?? null;
    },
  };

  function forget(wanted) {
    const keep = new Set(
      wanted.flatMap((lane) => [...lane.cells.keys()].map((status) => cellOf(lane.owner, status))),
    );
    for (const [key, cell] of cells) {
      if (keep.has(cell)) continue;
      cell.window.end();
      cells.delete(key);
    }
  }
}

const keyOf = (/** @type {Entry} */ entry) => entry.key;

function place(/** @type {HTMLElement} */ card, index, count) {
  card.setAttribute("aria-posinset", String(index + 1));
  card.setAttribute("aria-setsize", String(count));
}

function nameList({ list, status, owner }) {
  list.setAttribute("role", "list");
  list.setAttribute("aria-label", [short(status), owner && short(owner)].filter(Boolean).join(", "));
}

function widths(columns, lanes) {
  const empty = (status) => lanes.every((lane) => !lane.cells.get(status)?.length);
  return columns
    .map((status) => {
      if (isFolded(status)) return "var(--col-folded)";
      return empty(status) ? "minmax(var(--col-empty), 0.5fr)" : "minmax(var(--col-min), 1fr)";
    })
    .join(" ");
}

/** @typedef {{status: string, count: number, total: number, folded: boolean}} Head */

/** Draw a head for each column: how many are shown, and of how many when filters hide some. */
function drawHeads(heads, columns, lanes, totals) {
  const items = columns.map((status) => {
    const count = lanes.reduce((sum, lane) => sum + (lane.cells.get(status)?.length ?? 0), 0);
    return { status, count, total: totals.get(status) ?? 0, folded: isFolded(status) };
  });
  keyed(heads, items, (item) => item.status, renderHead, updateHead);
}

function renderHead(/** @type {Head} */ item) {
  const { status } = item;
  const name = status === OTHERS ? t("others") : short(status) || "—";
  const title = h("h3", { class: `badge ${statusClass(status)}` }, h("bdi", null, name));
  const fold = () => query.set({ dropped: query.get("dropped") === "1" ? null : "1" });
  const head = h("div", { class: "col-head", dataset: { status } }, title,
    h("span", { class: "col-count" }), h("span", { class: "col-wip" }),
    h("span", { class: "col-gloss" }, gloss(status)),
    status === FOLDED && h("button", { type: "button", class: "btn btn-quiet btn-small col-fold",
      onclick: fold }));
  updateHead(head, item);
  return head;
}

function updateHead(head, /** @type {Head} */ { count, total, folded }) {
  const counter = head.querySelector(".col-count");
  const words = count === total ? number(count) : `${number(count)} / ${number(total)}`;
  if (counter.textContent !== words) counter.textContent = words;
  counter.title = t("{count} of {total} tasks", { count, total });
  head.classList.toggle("is-folded", folded);
  const button = head.querySelector(".col-fold");
  if (!button) return;
  button.setAttribute("aria-expanded", String(!folded));
  button.setAttribute("aria-label", folded ? t("Show dropped tasks") : t("Hide dropped tasks"));
  button.textContent = folded ? "›" : "‹";
}
