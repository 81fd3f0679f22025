// @ts-check
// What the server says of this page in the document's attributes; outside of a page: nothing.

const page = globalThis.document;
const said = page?.body.dataset ?? {};

/** The page's language. @type {"ja" | "en"} */
export const lang = page?.documentElement.lang === "ja" ? "ja" : "en";

/** The URL prefix of this site. */
export const base = said.base || "";

/** The server's offset from UTC ("+09:00"). */
export const utcOffset = said.utcOffset || "";

/** The third-party scripts, as JSON (lib/vendor.js). */
export const vendored = said.vendor || "{}";

const extras = said.extras?.split(" ");

/** Tell whether an optional part is installed here: "learning". @param {string} name */
export const has = (name) => !extras || extras.includes(name);

const allowed = said.may?.split(" ");

/** Tell whether the role allows an action of orch_next/security/roles.py. @param {string} action */
export const may = (action) => !allowed || allowed.includes(action);
