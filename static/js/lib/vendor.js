// @ts-check
// Third-party scripts, each loaded once when somebody needs it: our copy, else the same from a CDN.

import { vendored } from "./page.js";

/** @type {Record<string, {global: string, files: {url: string, integrity: string}[]}>} */
const known = JSON.parse(vendored);
/** @type {Map<string, Promise<any>>} */
const loaded = new Map();

/** Load a library ("chart.js") and return its global; rejects when it is nowhere to be had. @param {string} name @returns {Promise<any>} */
export function vendor(name) {
  const waiting = loaded.get(name) || load(name);
  loaded.set(name, waiting);
  return waiting;
}

/** @param {string} name */
async function load(name) {
  const entry = known[name];
  if (!entry) throw new Error(`no library named ${name}`);
  await Promise.all(entry.files.map(fetchFile));
  const found = /** @type {any} */ (window)[entry.global];
  if (found === undefined) throw new Error(`${name} defines no ${entry.global}`);
  return found;
}

/** @param {{url: string, integrity: string}} file @returns {Promise<void>} */
function fetchFile({ url, integrity }) {
  const isStyle = new URL(url, location.href).pathname.endsWith(".css");
  const element = document.createElement(isStyle ? "link" : "script");
  Object.assign(element, { integrity, crossOrigin: "anonymous" });
  Object.assign(element, isStyle ? { rel: "stylesheet", href: url } : { src: url, async: true });
  return new Promise((resolve, reject) => {
    element.addEventListener("load", () => resolve());
    element.addEventListener("error", () => reject(new Error(`${url} cannot be loaded`)));
    document.head.append(element);
  });
}
