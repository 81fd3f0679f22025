import assert from "node:assert/strict";
import { test } from "node:test";

import { makeSequence } from "../../static/js/lib/sequence.js";

const told = (sequence, ...events) =>
  events.filter(([name, data]) => sequence.isNews(name, data)).map(([name, data]) => [name, data.seq]);
const row = (seq) => ["task_updated", { seq, id: "台帳001" }];

test("an event that came by the stream and by the socket counts once", () => {
  const sequence = makeSequence();
  const heard = told(sequence, row(7), row(7), row(8), row(8));
  assert.deepEqual(heard, [["task_updated", 7], ["task_updated", 8]]);
});

test("a replay tells only what was not heard", () => {
  const sequence = makeSequence();
  told(sequence, row(7), row(8));
  assert.deepEqual(told(sequence, row(7), row(8), row(9)), [["task_updated", 9]]);
  assert.equal(sequence.cursor, 9);
});

test("a reset begins a new count, also from a lower number", () => {
  const sequence = makeSequence();
  told(sequence, row(500));
  assert.deepEqual(told(sequence, ["reset", { seq: 3 }], row(3), row(4)), [["reset", 3], ["task_updated", 4]]);
});

test("what has no number is always news and moves no cursor", () => {
  const sequence = makeSequence();
  assert.deepEqual([sequence.isNews("status", { message: "接続" }), sequence.isNews("heartbeat", null)], [true, true]);
  assert.equal(sequence.cursor, null);
});
