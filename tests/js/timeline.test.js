import "./japanese.js";

import assert from "node:assert/strict";
import { test } from "node:test";

const { fittingUnit, makeScale, openAt, outside } = await import("../../static/js/gantt/scale.js");

const on = (month, day) => new Date(2026, month - 1, day);

test("the finest unit that shows all the days is chosen", () => {
  assert.equal(fittingUnit([on(12, 20), null], on(11, 30), 700), "week");
  assert.equal(fittingUnit([on(7, 1)], on(11, 30), 700), "month");
  assert.equal(fittingUnit([new Date(2023, 0, 1)], on(11, 30), 700), "week");
  assert.equal(fittingUnit([], on(11, 30), 700), "week");
});

test("it opens where the data is", () => {
  assert.equal(openAt([100, 300], 200, 400), 0);
  assert.equal(openAt([1000, 1200], 1100, 400), 900);
  assert.equal(openAt([0, 2900], 3000, 400), 2800);
  assert.equal(openAt([0, 500], 3000, 400), 300);
  assert.equal(openAt([], 3000, 400), 2800);
});

test("what is left and right of it is counted", () => {
  const spots = [{ from: 0, to: 12 }, { from: 90, to: 210 }, { from: 700, to: 712 }];
  assert.deepEqual(outside(spots, 100, 400), { earlier: 1, later: 1 });
});

test("the grid fills the width", () => {
  assert.ok(makeScale([], on(11, 30), "week", 2000).width >= 2000);
  assert.ok(makeScale([], on(11, 30), "week").width < 2000);
});
