import "./japanese.js";

import assert from "node:assert/strict";
import { test } from "node:test";

const { STATUSES, reachable, verbFor, whyNot } = await import("../../static/js/board/rules.js");
const { OTHERS, arrange, countColumns, lanesOf } = await import("../../static/js/board/columns.js");
const { blank, entryOf, lockOf, priorityOf, short, turnClock, urgencyOf } =
  await import("../../static/js/board/facts.js");
const { readDue } = await import("../../static/js/lib/due.js");
const { daysLeft, isNarrow, matches, readFilter } = await import("../../static/js/board/filter.js");
const { sorted } = await import("../../static/js/board/order.js");
const { totalOf } = await import("../../static/js/board/wip.js");

const task = (id, cells = {}) => ({
  id, title: "題名", status: "PLAN", owner: "WORK", lock: "-", lock_owner: "-",
  lock_expires_at: "-", due: "-", artifact: "-", notes: "-", rev: "r", ...cells,
});
const entry = (id, cells) => entryOf(task(id, cells), id);
const ids = (entries) => entries.map((one) => one.task.id);
const day = (offset) => {
  const now = new Date();
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  const two = (part) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
};
turnClock();

// The page of these tests may hold, but neither decide nor drop.
test("a task goes where a step leads that the role may take", () => {
  const ways = Object.fromEntries(STATUSES.map((status) => [status, reachable(status)]));
  assert.deepEqual(ways, {
    PLAN: ["READY", "HOLD"], READY: ["HOLD"], DOING: ["HOLD"], REVIEW: ["HOLD"],
    FIX: ["READY", "HOLD"], DONE: [], HOLD: ["READY"], DROP: [],
  });
  assert.deepEqual([verbFor("HOLD", "READY"), verbFor("REVIEW", "DONE"), verbFor("謎", "READY")], ["promote", "", ""]);
});

test("where it cannot go, the reader is told why", () => {
  assert.equal(whyNot("DONE", "PLAN"), "DONE は終了した状態で、ここから先はありません。");
  const told = ["DOING", "REVIEW", "PLAN", "DONE"].map((to) => whyNot("HOLD", to));
  assert.equal(new Set(told).size, 4);
  assert.match(told[3], /READY/);
});

test("unknown statuses have columns of their own, DROP is the last", () => {
  const all = ["PLAN", "待機", "DROP", "待機"].map((status, at) => entry(`${at}`, { status }));
  assert.deepEqual([...countColumns(all)].filter(([, count]) => count), [["PLAN", 1], ["待機", 2], ["DROP", 1]]);
  const many = Array.from({ length: 11 }, (_, at) => entry(`${at}`, { status: `謎${at}` }));
  assert.equal(countColumns(many).get(OTHERS), 3);
});

test("owners with the most tasks have the first lanes, the last lane holds the others", () => {
  const owners = ["田中", "WORK", "WORK", "佐藤"].map((owner, at) => entry(`${at}`, { owner }));
  assert.deepEqual(lanesOf(owners), ["WORK", "田中", "佐藤"]);
  const many = Array.from({ length: 20 }, (_, at) => entry(`${at}`, { owner: `担当${at}` }));
  const lanes = lanesOf(many);
  assert.deepEqual([lanes.length, lanes.at(-1)], [12, OTHERS]);
  const counts = arrange(many, ["PLAN"], lanes).map((lane) => lane.count);
  assert.deepEqual(counts, [...Array(11).fill(1), 9]);
});

test("a column is in the dispatcher's order, what is final has the newest first", () => {
  const shown = [
    entry("a", { notes: "priority=LOW" }), entry("b", { due: day(2) }), entry("c", { due: day(1) }),
    entry("d", { notes: "至急 priority＝critical" }), entry("e", { status: "DONE" }), entry("f", { status: "DONE" }),
  ];
  const [lane] = arrange(shown, ["PLAN", "DONE"], [null]);
  assert.deepEqual([ids(lane.cells.get("PLAN")), ids(lane.cells.get("DONE"))], [["d", "c", "b", "a"], ["f", "e"]]);
});

test("priorities are read as the dispatcher reads them", () => {
  const notes = ["priority=HIGH・確定", "Priority＝low", "xpriority=HIGH", "priority=HIGHEST", "-"];
  assert.deepEqual(notes.map(priorityOf), ["HIGH", "LOW", "", "", ""]);
});

test("a due cell is a day, a moment, or text", () => {
  const [at, none] = [readDue(" 2025-10-17 "), null];
  assert.equal(at.at - at.day, 86_399_999);
  assert.equal(readDue("2025-10-17T09:00:00Z").at, Date.UTC(2025, 9, 17, 9));
  assert.deepEqual(["2025-02-30", "来週", "-", ""].map(readDue), [none, none, none, none]);
});

test("today is not late, yesterday is, and what is final never", () => {
  const late = [entry("a", { due: day(0) }), entry("b", { due: day(-1) }), entry("c", { due: day(-1), status: "DONE" })];
  assert.deepEqual(late.map((one) => [one.days, one.late]), [[0, false], [-1, true], [-1, false]]);
  const days = ["-", day(0), day(3), day(7), day(14), day(15)];
  assert.deepEqual(days.map((due) => urgencyOf(entry("x", { due }))),
    ["normal", "urgent", "high", "medium", "low", "normal"]);
});

test("a lock says who holds it and until when", () => {
  const held = task("a", { lock: "AUDIT_1@2099-01-01T00:00:00Z", lock_expires_at: "2099-01-01T00:30:00Z" });
  assert.deepEqual(lockOf(held), { owner: "AUDIT_1", until: Date.UTC(2099, 0, 1, 0, 30) });
  assert.equal(lockOf(task("b")), null);
  assert.deepEqual(["", "-", "None", undefined, "田中"].map(blank), [true, true, true, true, false]);
  assert.equal(short("長".repeat(400)).length, 301);
});

test("a search finds whatever the width of its letters", () => {
  const wanted = readFilter((name) => ({ q: "ﾀﾞｯｼｭ a.MD" })[name] ?? null);
  const found = entry("009", { title: "ダッシュボード", artifact: "docs\\Ａ.md" });
  assert.deepEqual([matches(found, wanted, []), matches(entry("001"), wanted, [])], [true, false]);
  assert.deepEqual([isNarrow(wanted), isNarrow(readFilter(() => null))], [true, false]);
});

test("filters are one and another", () => {
  const all = [
    entry("a", { owner: "田中", due: day(-1) }), entry("b", { status: "READY" }),
    entry("c", { owner: "田中", notes: "priority=HIGH" }),
  ];
  const by = (values) => ids(all.filter((one) => matches(one, readFilter((name) => values[name] ?? null), ["田中"])));
  assert.deepEqual(
    [by({ owner: "田中" }), by({ due: "overdue" }), by({ due: "none" }), by({ priority: "MEDIUM" }),
      by({ mine: "1", priority: "HIGH" }), by({ status: "READY" }), by({ due: "謎" })],
    [["a", "c"], ["a"], ["b", "c"], ["a", "b"], ["c"], ["b"], ["a", "b", "c"]],
  );
});

test("this week ends on Sunday", () => {
  const october = (date) => daysLeft(new Date(2025, 9, date));
  assert.deepEqual([october(17), october(18), october(19), october(20)], [2, 1, 0, 6]);
});

test("a table is sorted by numbers in texts, and what has no date comes last either way", () => {
  const all = [entry("010"), entry("9", { due: day(1) }), entry("001", { due: day(2) })];
  assert.deepEqual(ids(sorted(all, "id", false)), ["001", "9", "010"]);
  assert.deepEqual([ids(sorted(all, "due", false)), ids(sorted(all, "due", true))], [["9", "001", "010"], ["001", "9", "010"]]);
  assert.deepEqual(ids(sorted(all, "謎", false)), ["010", "9", "001"]);
});

test("sessions have their limits together; none told is no limit", () => {
  assert.deepEqual([totalOf({ WORK_1: 2, AUDIT_1: 3 }), totalOf({})], [5, null]);
});
