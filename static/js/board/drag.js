// @ts-check
// Dragging cards with mouse, touch (after a long press) and pen.

/** @typedef {import("./facts.js").Entry} Entry */

const LONG_PRESS = 350;
const SLOP = { mouse: 5, pen: 5, touch: 10 };
const EDGE = 56;
const SPEED = 14;

/**
 * Let cards be dragged.
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./view.js").makeView>} view
 * @param {ReturnType<typeof import("./carry.js").makeCarry>} carry
 * @param {(card: HTMLElement) => Entry | null} entryOf
 */
export function watchDrag(root, view, carry, entryOf) {
  /** @type {{id: number, type: string, x: number, y: number, card: HTMLElement, entry: Entry,
   *   timer: number, ghost: HTMLElement | null, dx: number, dy: number} | null} */
  let press = null;
  let frame = 0;

  function begin() {
    if (!press || press.ghost) return;
    clearTimeout(press.timer);
    if (!carry.lift(press.entry)) return forget();
    root.setPointerCapture(press.id);
    press.ghost = makeGhost(press);
    root.append(press.ghost);
    follow();
    frame = requestAnimationFrame(scrollOn);
  }

  function follow() {
    if (!press?.ghost) return;
    const { x, y, dx, dy } = press;
    press.ghost.style.transform = `translate(${x - dx}px, ${y - dy}px)`;
    carry.aim(cellAt(x, y));
  }

  function cellAt(x, y) {
    const under = document.elementFromPoint(x, y);
    const head = under?.closest(".col-head");
    const cell = view.cellAt(under);
    if (cell || !(head instanceof HTMLElement)) return cell;
    const owner = carry.held()?.home.owner ?? null;
    return view.cells.get(`${owner ?? ""}\n${head.dataset.status}`) ?? null;
  }

  /** Scroll what lies under the pointer while it is near an edge. */
  function scrollOn() {
    if (!press?.ghost) return;
    const { x, y } = press;
    const box = view.scroll.getBoundingClientRect();
    view.scroll.scrollLeft += pull(x, box.left, box.right);
    const cell = cellAt(x, y);
    if (cell) {
      const inner = cell.node.getBoundingClientRect();
      cell.node.scrollTop += pull(y, inner.top, inner.bottom);
    }
    view.scroll.scrollTop += pull(y, box.top, box.bottom);
    if (!carry.held()) return forget();
    follow();
    frame = requestAnimationFrame(scrollOn);
  }

  function forget() {
    if (!press) return;
    clearTimeout(press.timer);
    cancelAnimationFrame(frame);
    press.ghost?.remove();
    if (press.ghost && root.hasPointerCapture(press.id)) root.releasePointerCapture(press.id);
    press = null;
  }

  root.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const card = /** @type {HTMLElement | null} */ (target.closest(".card"));
    if (!event.isPrimary || event.button !== 0 || !card || target.closest("button")) return;
    const entry = entryOf(card);
    if (!entry || carry.held()) return;
    const box = card.getBoundingClientRect();
    const { pointerId: id, pointerType: type, clientX: x, clientY: y } = event;
    const timer = type === "touch" ? window.setTimeout(begin, LONG_PRESS) : 0;
    press = { id, type, x, y, card, entry, timer, ghost: null, dx: x - box.left, dy: y - box.top };
  });

  root.addEventListener("pointermove", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const far = Math.hypot(event.clientX - press.x, event.clientY - press.y);
    if (press.ghost) {
      [press.x, press.y] = [event.clientX, event.clientY];
      follow();
    } else if (far > SLOP[/** @type {keyof typeof SLOP} */ (press.type)]) {
      // A finger that moves at once scrolls.
      if (press.type === "touch") forget();
      else begin();
    }
  });

  root.addEventListener("pointerup", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const dragged = press.ghost !== null;
    forget();
    if (!dragged) return;
    swallowClick(root);
    void carry.drop();
  });

  root.addEventListener("pointercancel", (event) => {
    if (!press || event.pointerId !== press.id) return;
    if (press.ghost) carry.cancel();
    forget();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !press?.ghost) return;
    event.preventDefault();
    carry.cancel();
    forget();
  });

  // While a card is in the hand a finger drags it and must not scroll or open a menu.
  root.addEventListener("touchmove", (event) => press?.ghost && event.preventDefault(), {
    passive: false,
  });
  root.addEventListener("contextmenu", (event) => {
    if (press?.type === "touch") event.preventDefault();
  });
  root.addEventListener("dragstart", (event) => event.preventDefault());
}

function makeGhost({ card }) {
  const ghost = /** @type {HTMLElement} */ (card.cloneNode(true));
  ghost.className = "card card-ghost";
  ghost.inert = true;
  ghost.removeAttribute("role");
  ghost.removeAttribute("tabindex");
  ghost.setAttribute("aria-hidden", "true");
  ghost.style.width = `${card.offsetWidth}px`;
  return ghost;
}

/** Return how far to scroll: nothing in the middle, more the nearer to an edge. */
function pull(at, low, high) {
  if (at < low + EDGE) return -Math.ceil((SPEED * Math.min(EDGE, low + EDGE - at)) / EDGE);
  if (at > high - EDGE) return Math.ceil((SPEED * Math.min(EDGE, at - high + EDGE)) / EDGE);
  return 0;
}

/** The click that follows a drag must not open the card. */
function swallowClick(root) {
  const swallow = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  root.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => root.removeEventListener("click", swallow, { capture: true }), 0);
}
