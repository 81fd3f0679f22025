// @ts-check
// Lists of many rows of one height: only those near the visible part are in the page.

/**
 * @template T
 * @typedef {object} Shape
 * @property {HTMLElement} scroller what scrolls
 * @property {HTMLElement} list what holds the rows
 * @property {(item: T) => string} keyOf
 * @property {(item: T) => HTMLElement} render
 * @property {(row: HTMLElement, item: T) => void} update called when a key has another item
 * @property {() => HTMLElement} gap makes an element that stands for rows left out
 * @property {() => number} step pixels from one row to the next
 * @property {(row: HTMLElement, index: number, count: number) => void} [place]
 * @property {number} [spare] rows kept above and below the visible part
 */

/** Make `list` contain exactly `nodes`, in order, moving as little as possible. */
function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  let next = list.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
}

/** Return the indices to show: the visible ones, those near them, and the ones held. */
function indices(first, last, held) {
  const found = new Set(held);
  for (let index = first; index <= last; index += 1) found.add(index);
  return [...found].sort((a, b) => a - b);
}

/**
 * Show the rows of a list near its visible part; the row with the focus and a held row stay.
 * @template T
 * @param {Shape<T>} shape
 */
export function windowed(shape) {
  const { scroller, list, spare = 4 } = shape;
  /** @type {Map<string, {node: HTMLElement, item: T, index: number, count: number}>} */
  const rows = new Map();
  /** @type {T[]} */ let items = [];
  /** @type {Map<string, number>} */ let places = new Map();
  /** @type {HTMLElement[]} */ const gaps = [];
  let heldKey = "";
  let drawn = "";
  let frame = 0;

  const measure = () => ({
    above: Math.max(0, scroller.scrollTop - list.offsetTop),
    height: scroller.clientHeight,
  });

  function visible({ above, height }) {
    const step = shape.step() || 1;
    const first = Math.max(0, Math.floor(above / step) - spare);
    const last = Math.ceil((above + height) / step) + spare;
    return [Math.min(first, Math.max(0, items.length - 1)), Math.min(last, items.length - 1)];
  }

  function kept() {
    const focus = document.activeElement;
    const found = [];
    for (const [key, row] of rows) {
      const place = places.get(key);
      const stays = key === heldKey || (focus && row.node.contains(focus));
      if (stays && place !== undefined) found.push(place);
    }
    return found;
  }

  function rowAt(index) {
    const item = items[index];
    const key = shape.keyOf(item);
    let row = rows.get(key);
    if (!row) {
      row = { node: shape.render(item), item, index: -1, count: -1 };
      rows.set(key, row);
    } else if (row.item !== item) {
      row.item = item;
      shape.update(row.node, item);
    }
    if (row.index !== index || row.count !== items.length) {
      row.index = index;
      row.count = items.length;
      shape.place?.(row.node, index, items.length);
    }
    return row.node;
  }

  function gapOf(number, count) {
    const gap = (gaps[number] ??= shape.gap());
    gap.style.height = `${count * shape.step()}px`;
    return gap;
  }

  function nodes(shown) {
    const found = [];
    let next = 0;
    let used = 0;
    for (const index of shown) {
      if (index > next) found.push(gapOf(used++, index - next));
      found.push(rowAt(index));
      next = index + 1;
    }
    if (next < items.length) found.push(gapOf(used++, items.length - next));
    return found;
  }

  function forget(shown) {
    const wanted = new Set(shown.map((index) => shape.keyOf(items[index])));
    for (const key of rows.keys()) if (!wanted.has(key)) rows.delete(key);
  }

  function draw(always, measured = measure()) {
    cancelAnimationFrame(frame);
    frame = 0;
    const [first, last] = visible(measured);
    const shown = indices(first, last, kept());
    const now = `${first} ${last} ${shown.length}`;
    if (!always && now === drawn) return;
    drawn = now;
    const focus = document.activeElement;
    forget(shown);
    arrange(list, nodes(shown));
    // A row that was moved in the page loses the focus.
    if (focus instanceof HTMLElement && focus !== document.activeElement && list.contains(focus)) {
      focus.focus({ preventScroll: true });
    }
  }

  const soon = () => (frame ||= requestAnimationFrame(() => draw(false)));
  scroller.addEventListener("scroll", soon, { passive: true });
  const resized = new ResizeObserver(soon);
  resized.observe(scroller);

  return {
    /** Say where the list stands; who shows many lists asks all of them before the first. */
    measure,
    /** Show these items; only rows whose item is another object are updated. */
    show(/** @type {T[]} */ wanted, measured = measure()) {
      items = wanted;
      places = new Map(items.map((item, index) => [shape.keyOf(item), index]));
      draw(true, measured);
    },
    /** Return the row of a key, if it is in the page. */
    row: (/** @type {string} */ key) => rows.get(key)?.node ?? null,
    /** Return where a key stands, or -1. */
    indexOf: (/** @type {string} */ key) => places.get(key) ?? -1,
    /** Return the items shown. */
    items: () => items,
    /** Keep the row of a key in the page wherever one scrolls; "" lets it go. */
    hold(/** @type {string} */ key) {
      heldKey = key;
    },
    /** Scroll an item into view and return its row. */
    reveal(/** @type {number} */ index) {
      const step = shape.step();
      const top = list.offsetTop + index * step;
      if (top < scroller.scrollTop + list.offsetTop) scroller.scrollTop = top - list.offsetTop;
      else if (top + step > scroller.scrollTop + scroller.clientHeight) {
        scroller.scrollTop = top + step - scroller.clientHeight;
      }
      draw(true);
      return rows.get(shape.keyOf(items[index]))?.node ?? null;
    },
    /** Stop watching the scroller. */
    end() {
      cancelAnimationFrame(frame);
      scroller.removeEventListener("scroll", soon);
      resized.disconnect();
    },
  };
}
