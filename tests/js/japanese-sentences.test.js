import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

globalThis.document = /** @type {any} */ ({
  documentElement: { lang: "en" }, body: { dataset: { base: "", utcOffset: "+09:00", may: "read" } },
});
const { told } = await import("../../static/js/lib/reasons.js");

const TOP = new URL("../../orch_next/", import.meta.url);
const ROOMS = ["sensors", "blueprints", "dispatcher", "realtime"];
const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]/;
// What is compared or told to programs only, what a rule is called before its key names it, and
// the legacy's titles, which only the owner's own pages show.
const UNTOLD = /^(blueprints\/custom|dispatcher\/notes|sensors\/rules\/config)\.py$/;

function sentences(path) {
  const code = readFileSync(new URL(path, TOP), "utf-8").replace(/"""[^]*?"""/g, "").replace(/^\s*#.*$|\s# .*$/gm, "");
  return [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map(([, text]) => text).filter((text) => JAPANESE.test(text));
}

const files = ROOMS.flatMap((room) => readdirSync(new URL(room, TOP), { recursive: true })
  .map((name) => `${room}/${name}`.replaceAll("\\", "/")))
  .filter((path) => path.endsWith(".py") && !UNTOLD.test(path));

test("no sentence of the routes is Japanese on an English page", () => {
  const all = files.flatMap(sentences);
  const samples = all.map((text) => text.replaceAll("{title}が", "CPU使用率が").replace(/\{[^}]*\}/g, "A1"));
  assert.ok(samples.length > 40, `${samples.length} sentences`);
  assert.deepEqual(samples.map(told).filter((text) => JAPANESE.test(text)), []);
});

test("a person's own words stay as they are", () => {
  assert.equal(told("タスク 003: 旧サーバー C:\\台帳 がタイムアウトしました"),
    "The lock of task 003 (旧サーバー C:\\台帳) has run out");
  assert.deepEqual(["議事録: 承認待ち", "会議の題名"].map(told), ["議事録: 承認待ち", "会議の題名"]);
  assert.equal(told("ディスク使用率: 96.1% (> 95%)"), "Disk usage: 96.1% (> 95%)");
  assert.equal(told("003: 担当 '田中' は CMD/WORK にありません"), "003: The owner '田中' is none of CMD/WORK");
});
