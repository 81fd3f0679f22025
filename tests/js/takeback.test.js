import assert from "node:assert/strict";
import { test } from "node:test";

import { entryThatLeft, isPassing, withId, withoutId } from "../../static/js/lib/takeback.js";

const entry = (id, cells) => ({
  id,
  changes: Object.entries(cells).map(([cell, after]) => ({ cell, before: "前", after })),
});
const record = { id: "001", status: "HOLD", title: "台帳の書式", notes: "docs\\a.md" };

test("the entry of a change is the newest that left the row so", () => {
  const entries = [entry(9, { status: "HOLD" }), entry(4, { status: "HOLD" })];
  assert.equal(entryThatLeft(entries, record), 9);
});

test("an entry that another made since is not the one of our change", () => {
  const entries = [entry(9, { title: "相手の題名" }), entry(8, { status: "HOLD" })];
  assert.equal(entryThatLeft(entries, record), 8);
});

test("one cell that fits is not enough", () => {
  const theirs = entry(9, { status: "HOLD", title: "相手の題名" });
  assert.equal(entryThatLeft([theirs], record), null);
});

test("an entry that changed nothing, or none at all, is none", () => {
  assert.deepEqual([entryThatLeft([entry(9, {})], record), entryThatLeft([], record)], [null, null]);
});

test("ids stand once, in the journal's order, and the oldest of many go", () => {
  assert.deepEqual(withId([3, 5], 4), [3, 4, 5]);
  assert.deepEqual(withId([3, 5], 5), [3, 5]);
  assert.deepEqual(withoutId([3, 4, 5], 4), [3, 5]);
  const many = Array.from({ length: 60 }, (_, at) => at).reduce(withId, []);
  assert.deepEqual([many.length, many[0], many.at(-1)], [50, 10, 59]);
});

test("a refusal that passes keeps the entry, one for good does not", () => {
  const statuses = [0, 400, 401, 403, 404, 409, 423, 429, 500, 503];
  assert.deepEqual(statuses.filter(isPassing), [0, 401, 423, 429, 500, 503]);
});
