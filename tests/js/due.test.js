import "./japanese.js";

import assert from "node:assert/strict";
import { test } from "node:test";

const { awayWords, daysLate, dueOf, dueShown } = await import("../../static/js/lib/due.js");
const { milestoneRow, taskRow } = await import("../../static/js/gantt/rows.js");

const EVENING = new Date(2025, 9, 17, 23, 59).getTime();
const words = (cell, status) => awayWords(dueOf(cell, status, EVENING));

test("a bare date is the end of that day of the reader, at every hour", () => {
  const hours = [0, 9, 23].map((hour) => new Date(2025, 9, 17, hour, 59).getTime());
  const found = hours.map((now) => dueOf("2025-10-17", "PLAN", now));
  assert.deepEqual(found.map(({ days, late }) => [days, late]), Array(3).fill([0, false]));
  assert.deepEqual(found.map(awayWords), Array(3).fill("今日"));
});

test("how far off it is counts from day to day", () => {
  assert.deepEqual(["2025-10-16", "2025-10-18", "2025-10-19", "2025-10-31"].map((cell) => words(cell)),
    ["1日超過", "明日", "明後日", "2 週間後"]);
  assert.deepEqual(["2025-10-16", "2025-10-17", "2025-10-18", "来週", null].map((cell) => daysLate(cell, "", EVENING)), [1, 0, 0, 0, 0]);
});

test("a time of day is late once it has passed, what is final never", () => {
  assert.deepEqual(["2025-10-17T09:00", "2025-10-17 09:00", "2025-10-17T00:00:00Z"].map((cell) => words(cell)), Array(3).fill("期限切れ"));
  assert.deepEqual(["DONE", "DROP"].map((status) => words("2025-10-15", status)), ["一昨日", "一昨日"]);
});

test("what names no day is shown as it stands", () => {
  assert.deepEqual(["2025-02-30", "来週", "-", "", null].map((cell) => dueOf(cell)), Array(5).fill(null));
  assert.deepEqual(["2025-02-30", "-", null].map(dueShown), ["2025-02-30", "—", "—"]);
});

test("the timeline draws the same days", () => {
  const row = taskRow({ id: "001", title: "題名", status: "PLAN", due: "2025-10-16" }, undefined, new Date(2025, 9, 17));
  assert.equal(row.due.getTime(), new Date(2025, 9, 16).getTime());
  assert.equal(taskRow({ id: "001", status: "PLAN", due: "2025-02-30" }, undefined, new Date()).due, null);
  assert.equal(milestoneRow({ ms_id: "M1", due: "0205-01-01" }).due.getFullYear(), 205);
});

test("a day on which the clocks change is a day", (context) => {
  context.after(() => (process.env.TZ = "Asia/Tokyo"));
  process.env.TZ = "America/New_York";
  const { at, day, days } = dueOf("2025-11-02", "", new Date(2025, 10, 1, 23).getTime());
  assert.deepEqual([(at + 1 - day) / 3_600_000, days], [25, 1]);
});
