// @ts-check
// Elements from data: text is always text, never HTML.

const SVG = "http://www.w3.org/2000/svg";
// These are read-only as properties.
const ATTRIBUTES = new Set(["list", "form", "role", "for", "width", "height", "type", "colspan"]);

/**
 * Make an element: h("td", {class: "id", onclick: f, dataset: {id}}, "text", child, null).
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...any} children nodes, text, arrays; null and false are left out
 * @returns {any}
 */
export const h = (tag, props, ...children) => make(document.createElement(tag), props, children);

/**
 * Make an SVG element in the same way.
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...any} children
 * @returns {any}
 */
export const svg = (tag, props, ...children) =>
  make(document.createElementNS(SVG, tag), props, children);

/**
 * Return a part that the page's template promises; one that is not there is named.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {any}
 */
export function need(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Replace what a node holds. @param {Element} node @param {...any} children */
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

/** @param {any} element @param {Record<string, any> | null | undefined} props @param {any[]} children */
function make(element, props, children) {
  for (const [name, value] of Object.entries(props || {})) set(element, name, value);
  element.append(...flat(children));
  return element;
}

/** @param {any[]} children @returns {(Node | string)[]} */
function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** @param {any} element @param {string} name @param {any} value */
function set(element, name, value) {
  if (value === null || value === undefined) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "style") setStyle(element, value);
  else if (isAttribute(element, name)) element.setAttribute(name, value);
  else element[name] = value;
}

/** @param {any} element @param {Record<string, string>} styles */
function setStyle(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
}

/** @param {any} element @param {string} name */
function isAttribute(element, name) {
  return name.includes("-") || name === "class" || ATTRIBUTES.has(name) || !(name in element) ||
    element instanceof SVGElement;
}

/** @type {WeakMap<Element, Map<any, Element>>} */
const kept = new WeakMap();

/**
 * Show `items` as the children of `parent`: known ones are updated and moved, not made anew.
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T) => any} keyOf
 * @param {(item: T) => Element} render
 * @param {(element: any, item: T) => void} [update]
 */
export function keyed(parent, items, keyOf, render, update) {
  const old = kept.get(parent) || new Map();
  const next = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const known = old.get(key);
    if (known && update) update(known, item);
    next.set(key, known && update ? known : render(item));
  }
  kept.set(parent, next);
  arrange(parent, next);
}

/** @param {Element} parent @param {Map<any, Element>} wanted */
function arrange(parent, wanted) {
  const elements = new Set(wanted.values());
  for (const child of [...parent.children]) if (!elements.has(child)) child.remove();
  const focused = /** @type {any} */ (document.activeElement);
  let cursor = parent.firstElementChild;
  for (const element of elements) {
    if (element === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(element, cursor);
  }
  // Moving an element takes its focus away.
  if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus();
}
