import assert from "node:assert/strict";
import { test } from "node:test";

import { cellsOf, writeOver } from "../../static/js/lib/overwrite.js";

const at = (rev, title) => ({ id: "006", rev, title });
const refused = (status, present) => Object.assign(new Error("409"), { status, body: { present } });

/** A server that has these rows one after the other, and what was sent to it. */
function server(...rows) {
  const sent = [];
  const send = async (rev) => {
    sent.push(rev);
    const [now] = rows;
    if (rows.length > 1) rows.shift();
    if (now.rev !== rev) throw refused(409, now);
    return { task: at("新", "自分の題名") };
  };
  return { sent, send };
}

test("a row that nobody changed is written without a question", async () => {
  const { sent, send } = server(at("r1", "題名"));
  const ask = () => assert.fail("asked");
  assert.deepEqual(await writeOver(at("r1", "題名"), send, ask), { task: at("新", "自分の題名") });
  assert.deepEqual(sent, ["r1"]);
});

test("mine is written over the revision that the reader was shown", async () => {
  const { sent, send } = server(at("r2", "相手の題名"));
  const asked = [];
  const ask = async (before, present) => asked.push([before.rev, present.rev]) > 0;
  assert.deepEqual(await writeOver(at("r1", "題名"), send, ask), { task: at("新", "自分の題名") });
  assert.deepEqual([sent, asked], [["r1", "r2"], [["r1", "r2"]]]);
});

test("a third change is asked about again", async () => {
  const { sent, send } = server(at("r2", "相手"), at("r3", "三人目"), at("r3", "三人目"));
  const asked = [];
  const ask = async (before, present) => asked.push([before.title, present.title]) > 0;
  await writeOver(at("r1", "題名"), send, ask);
  assert.deepEqual(asked, [["題名", "相手"], ["相手", "三人目"]]);
  assert.deepEqual(sent, ["r1", "r2", "r3"]);
});

test("theirs: nothing more is sent", async () => {
  const { sent, send } = server(at("r2", "相手の題名"));
  assert.equal(await writeOver(at("r1", "題名"), send, async () => false), null);
  assert.deepEqual(sent, ["r1"]);
});

test("other refusals are nobody's conflict", async () => {
  const ask = () => assert.fail("asked");
  for (const error of [refused(409, null), refused(503, at("r2", "相手")), new Error("切断")]) {
    await assert.rejects(writeOver(at("r1", "題名"), () => Promise.reject(error), ask), error);
  }
});

test("the choice is about what they changed and what the reader wanted", () => {
  const before = { id: "006", rev: "r1", title: "題名", owner: "WORK", due: "-" };
  const present = { ...before, rev: "r2", title: "相手の題名" };
  assert.deepEqual(cellsOf(before, present, { owner: "監査" }), ["title", "owner"]);
});
