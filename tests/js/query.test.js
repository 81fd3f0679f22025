import assert from "node:assert/strict";
import { test } from "node:test";

import { searchWith } from "../../static/js/lib/query.js";

test("values are set and taken out, the others stay", () => {
  const search = searchWith("?lang=ja&q=a&owner=WORK", { q: "台帳 001", owner: null });
  assert.deepEqual([...new URLSearchParams(search)], [["lang", "ja"], ["q", "台帳 001"]]);
});

test("nothing chosen leaves no question mark", () => {
  assert.deepEqual([searchWith("?q=a", { q: "" }), searchWith("", {})], ["", ""]);
});
