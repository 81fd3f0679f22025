// What the server says of a Japanese page (static/js/lib/page.js); import this before the rules.
globalThis.document = /** @type {any} */ ({
  documentElement: { lang: "ja" },
  body: { dataset: { base: "/盤", utcOffset: "+09:00", may: "read write hold" } },
});
process.env.TZ = "Asia/Tokyo";
