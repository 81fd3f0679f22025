// @ts-check
// What the reader chose, kept in the URL so that it can be linked and reloaded.

/** @type {Set<() => void>} */
const listeners = new Set();
const tellAll = () => listeners.forEach((tell) => tell());

/** Return a URL's search with these values in it; null or "" takes one out. @param {string} search @param {Record<string, string | null>} values */
export function searchWith(search, values) {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") params.delete(name);
    else params.set(name, value);
  }
  return params.size ? `?${params}` : "";
}

export const query = {
  /** Return a value, or null. @param {string} name */
  get: (name) => new URLSearchParams(location.search).get(name),

  /** Replace values; null takes one out. @param {Record<string, string | null>} values */
  set(values) {
    const search = searchWith(location.search, values);
    if (search === location.search) return;
    history.replaceState(history.state, "", location.pathname + search + location.hash);
    tellAll();
  },

  /** Call `tell` after every change; returns a function that ends it. @param {() => void} tell */
  onChange(tell) {
    addEventListener("popstate", tellAll);
    listeners.add(tell);
    return () => listeners.delete(tell);
  },
};
