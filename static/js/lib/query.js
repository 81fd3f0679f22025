// @ts-check
// What the reader chose, kept in the URL so that it can be linked and reloaded.

/** @type {Set<() => void>} */
const listeners = new Set();
addEventListener("popstate", () => listeners.forEach((tell) => tell()));

export const query = {
  /** Return a value, or null. @param {string} name */
  get: (name) => new URLSearchParams(location.search).get(name),

  /** Replace values; null takes one out. @param {Record<string, string | null>} values */
  set(values) {
    const params = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === "") params.delete(name);
      else params.set(name, value);
    }
    const search = params.size ? `?${params}` : "";
    if (search === location.search) return;
    history.replaceState(history.state, "", location.pathname + search + location.hash);
    listeners.forEach((tell) => tell());
  },

  /** Call `tell` after every change; returns a function that ends it. @param {() => void} tell */
  onChange(tell) {
    listeners.add(tell);
    return () => listeners.delete(tell);
  },
};
