import "./japanese.js";

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { told } = await import("../../static/js/lib/reasons.js");

// Where the dispatcher says why a task is not running, and a row what is wrong with it.
const FILES = ["dispatcher/scheduler.py", "dispatcher/explain.py", "dispatcher/situation.py", "dispatcher/worker.py", "core/view.py"];
const TELLS = /Reason\(|\btext = |\bmessage = |"row",|return tasks, |problem = |long = /;
const SENTENCE = /"((?:\{[^}]*\}|[a-zA-Z])[^"]* [^"]*)"/g;

const view = readFileSync(new URL("../../orch_next/core/view.py", import.meta.url), "utf-8");
const block = /^WAY_OUT = \(\n((?: {4}".*"\n)+)\)/m.exec(view)?.[1] ?? "";
const WAY_OUT = [...block.matchAll(/^ {4}"(.*)"$/gm)].map(([, text]) => text).join("");

const sentences = FILES.flatMap((name) => {
  const lines = readFileSync(new URL(`../../orch_next/${name}`, import.meta.url), "utf-8").split("\n");
  return lines.filter((line) => TELLS.test(line)).flatMap((line) => [...line.matchAll(SENTENCE)].map(([, text]) => text));
});

test("why a task is not running is told in Japanese", () => {
  const worded = sentences.filter((text) => /[a-z]{2}/.test(text.replace(/\{[^}]*\}/g, "")));
  const samples = worded.map((text) => text.replace("{WAY_OUT}", WAY_OUT).replace(/\{[^}]*\}/g, "A1"));
  assert.ok(samples.length > 12, `${samples.length} sentences`);
  assert.deepEqual(samples.filter((text) => !/[\u3040-\u30ff\u4e00-\u9fff]/.test(told(text))), []);
});
