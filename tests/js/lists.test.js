import "./japanese.js";

import assert from "node:assert/strict";
import { test } from "node:test";

const { choose } = await import("../../static/js/approvals/list.js");
const { layOut } = await import("../../static/js/git/lanes.js");
const { daysBetween, makeScale, headCells } = await import("../../static/js/gantt/scale.js");
const { taskRow, milestoneRow } = await import("../../static/js/gantt/rows.js");

const approval = (id, status, times = {}) => ({ appr_id: id, task_id: "001", op: "監査 | 証拠", status, ts_req: "-", ts_dec: "-", ...times });
const date = (month, day) => new Date(2025, month - 1, day);

test("pending approvals come first, the oldest of them first, then the newest decided", () => {
  const all = [
    approval("A1", "approved", { ts_dec: "2025-10-01T00:00:00Z" }), approval("A2", "pending", { ts_req: "2025-10-03T00:00:00Z" }),
    approval("A3", "rejected", { ts_dec: "2025-10-02T00:00:00Z" }), approval("A4", "pending"),
  ];
  const page = (wanted) => choose(all, { status: "", text: "", page: 1, ...wanted });
  assert.deepEqual(page({}).rows.map((one) => one.appr_id), ["A4", "A2", "A3", "A1"]);
  const { rows, ...rest } = page({ page: 9, size: 3 });
  assert.deepEqual([rows.map((one) => one.appr_id), rest], [["A1"], { count: 4, page: 2, pages: 2, pending: 2 }]);
  assert.deepEqual(page({ text: "監査 a2" }).rows.map((one) => one.appr_id), ["A2"]);
});

test("a merge has two lanes, and they end where it began", () => {
  const commits = [["合", ["左", "右"]], ["左", ["元"]], ["右", ["元"]], ["元", []]].map(([hash, parents]) => ({ hash, parents }));
  assert.deepEqual(layOut(commits).map(({ column, targets, width }) => [column, targets, width]),
    [[0, [0, 1], 2], [0, [0], 2], [1, [0], 2], [0, [], 1]]);
});

test("lanes go on from page to page", () => {
  const commits = [["一", ["二"]], ["二", ["三"]]].map(([hash, parents]) => ({ hash, parents }));
  const open = [];
  const places = commits.flatMap((commit) => layOut([commit], open));
  assert.deepEqual([places, open], [layOut(commits), ["三"]]);
});

test("a timeline holds its days and today, but not the year 9999", () => {
  const today = date(10, 17);
  const scale = makeScale([date(10, 1), null, new Date(9999, 0, 1)], today, "day");
  assert.deepEqual([scale.from, scale.x(date(10, 1))], [date(9, 24), 7 * 32]);
  assert.ok(scale.days < 4 * 366);
  assert.equal(daysBetween(date(3, 1), date(11, 1)), 245);
});

test("weeks begin on Monday", () => {
  const scale = makeScale([], date(10, 17), "week");
  const { top, bottom } = headCells(scale);
  assert.deepEqual([scale.from.getDay(), top[0].text, bottom[1].text], [1, "2025年10月", "10/13"]);
});

test("a task's bars are what was worked, what is planned and what is late", () => {
  const today = date(10, 17);
  const task = { id: "001", title: "台帳", status: "DOING", due: "2025-10-15" };
  const span = { created: "2025-10-01T00:00:00Z", started: "2025-10-05T00:00:00Z", finished: null };
  const kinds = (one, known) => taskRow(one, known, today).bars.map(({ from, to, kind }) => [kind, from.getDate(), to.getDate()]);
  assert.deepEqual(kinds(task, span), [["worked", 5, 17], ["over", 15, 17]]);
  assert.deepEqual(kinds({ ...task, status: "DONE" }, { ...span, finished: "2025-10-10T00:00:00Z" }), [["worked", 5, 10]]);
  assert.deepEqual(kinds({ ...task, due: "-" }, undefined), []);
  assert.deepEqual(milestoneRow({ ms_id: "M1", name: "公開", status: "open", due: "2025-10-20" }).due, date(10, 20));
});
