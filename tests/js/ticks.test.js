import "./japanese.js";

import assert from "node:assert/strict";
import { test } from "node:test";

const { limitsOf, stepFor, tickFormat, timeTicks } = await import("../../static/js/lib/ticks.js");

const at = (...parts) => new Date(2026, 10, ...parts).getTime();
const shown = (from, to, most = 8) => {
  const step = stepFor(to - from, most);
  return timeTicks(from, to, step).map(tickFormat(step));
};

test("a day has full hours, and the date at midnight", () => {
  assert.deepEqual(shown(at(28, 21, 13, 20), at(29, 21, 13, 20)),
    ["11/29", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]);
});

test("minutes, seconds and days are round too", () => {
  assert.deepEqual(shown(at(28, 13, 28, 20), at(28, 13, 31, 40)), ["13:28:30", "13:29:00", "13:29:30", "13:30:00", "13:30:30", "13:31:00", "13:31:30"]);
  assert.deepEqual(shown(at(28, 9, 1), at(28, 9, 59)), ["09:10", "09:20", "09:30", "09:40", "09:50"]);
  assert.deepEqual(shown(at(1, 5), at(7, 5)), ["11/2", "11/3", "11/4", "11/5", "11/6", "11/7"]);
});

test("hours stay round where the clocks change", (context) => {
  context.after(() => (process.env.TZ = "Asia/Tokyo"));
  process.env.TZ = "America/New_York";
  const found = timeTicks(at(1, 0), at(2, 0), 6 * 3_600_000).map((one) => new Date(one).getMinutes());
  assert.deepEqual([...new Set(found)], [0]);
  assert.equal(new Date(timeTicks(at(1, 5), at(3, 0), 86_400_000).at(-1)).getHours(), 0);
});

test("the limits are those of the period, and never one moment", () => {
  assert.deepEqual(limitsOf([]), null);
  assert.deepEqual(limitsOf([], 0, 86_400_000), { from: 0, to: 86_400_000 });
  assert.deepEqual(limitsOf([90_000]), { from: 30_000, to: 90_000 });
  assert.deepEqual(limitsOf([0, 300_000]), { from: 0, to: 300_000 });
});
