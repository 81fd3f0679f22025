import assert from "node:assert/strict";
import { test } from "node:test";

import { makeResend } from "../../static/js/lib/resend.js";

const counted = () => {
  let made = 0;
  return makeResend(() => `key-${(made += 1)}`);
};
const task = { title: "議事録を書く", notes: "C:\\会議\\一.md" };

test("the same content after a lost answer goes under the same key", () => {
  const resend = counted();
  assert.deepEqual([resend.keyFor(task), resend.keyFor({ ...task })], ["key-1", "key-1"]);
});

test("other content is another request", () => {
  const resend = counted();
  resend.keyFor(task);
  assert.equal(resend.keyFor({ ...task, title: "議事録を送る" }), "key-2");
});

test("once answered, the same content is wanted once more", () => {
  const resend = counted();
  resend.keyFor(task);
  resend.done();
  assert.equal(resend.keyFor(task), "key-2");
});
