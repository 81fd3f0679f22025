import "./japanese.js";

import assert from "node:assert/strict";
import { test } from "node:test";

const { day, duration, moment, number, percent, problemText, relative, t } =
  await import("../../static/js/lib/i18n.js");
const { messageOf, reason, told } = await import("../../static/js/lib/reasons.js");
const { url, taskUrl } = await import("../../static/js/lib/api.js");

const NOW = Date.UTC(2025, 9, 17, 3);

test("a text is filled in, and one without a translation stays", () => {
  assert.equal(t("Undone: {id}", { id: "001" }), "001 を元に戻しました");
  assert.equal(t("no such text {n} {m}", { n: 1 }), "no such text 1 {m}");
});

test("a stamp without an offset is on the server's clock", () => {
  const times = ["2025-10-17 12:00:00", "2025-10-17T12:00", "2025-10-17T03:00:00Z"];
  assert.deepEqual(times.map((time) => moment(time)?.getTime()), [NOW, NOW, NOW]);
  assert.deepEqual(["来週", "", null, "2025-13-01"].map(moment), [null, null, null, null]);
});

test("a bare day is a day of the reader", () => {
  const date = moment("2025-10-17");
  assert.deepEqual([date.getDate(), date.getHours()], [17, 0]);
  assert.equal(day("2025-10-17", new Date(NOW)), "10月17日");
  assert.equal(day("2024-10-17", new Date(NOW)), "2024年10月17日");
  assert.deepEqual([day("来週"), day("-"), day(null)], ["来週", "—", "—"]);
});

test("how long ago is told in the largest unit that is full", () => {
  const ago = (seconds) => relative(new Date(NOW - seconds * 1000).toISOString(), NOW);
  assert.deepEqual([ago(30), ago(90), ago(3 * 3600), ago(-2 * 86400), ago(15 * 86400)],
    ["30 秒前", "1 分前", "3 時間前", "明後日", "2 週間前"]);
});

test("numbers, shares and durations have a dash for nothing", () => {
  assert.deepEqual([number(12345), number(null), number("x"), percent(0.425), percent(null)],
    ["12,345", "—", "—", "42.5%", "—"]);
  assert.deepEqual([duration(59.6), duration(3720), duration(90000), duration(undefined)],
    [t("{minutes} min", { minutes: 1 }), t("{hours} h {minutes} min", { hours: 1, minutes: 2 }),
      t("{days} d {hours} h", { days: 1, hours: 1 }), "—"]);
});

test("a problem is told by its code, an unknown one as it came", () => {
  assert.equal(problemText({ code: "謎", message: "as it came" }), "as it came");
  assert.notEqual(problemText({ code: "duplicate-id", record_id: "010", message: "twice" }), "twice");
});

test("the server's sentences are told in Japanese with their values", () => {
  assert.match(told("task 001 is DONE, which is final"), /001.*DONE/);
  assert.notEqual(told("006 was changed since by 田中"), "006 was changed since by 田中");
  assert.equal(told("a sentence nobody knows (C:\\盤)"), "a sentence nobody knows (C:\\盤)");
  assert.deepEqual([told(null), messageOf(new Error("切断")), messageOf("切断")], ["", "切断", "切断"]);
});

test("every sentence with fewer fixed words comes after those with more", () => {
  assert.match(told("task 001 is DONE by this decision: undo that first"), /001/);
  assert.notEqual(told("no core is 田中 or has that role"), told("no core"));
});

test("a refusal names its reason, a silent server and a used ledger", () => {
  const errors = [
    { status: 0, message: "Failed to fetch" },
    { status: 503, retryAfter: 2, message: "TASKS.md is held by another writer" },
    { status: 423, retryAfter: 2, message: "謎" },
  ];
  assert.deepEqual(errors.map((error) => reason(error)), [
    t("The server cannot be reached."),
    "台帳は別の処理が使用中です。2秒後にもう一度お試しください。",
    "実行できませんでした: 謎",
  ]);
  assert.equal(reason(errors[2], "元に戻せません: {reason}"), "元に戻せません: 謎");
});

test("paths stand below the site's prefix", () => {
  assert.deepEqual([url("/tasks"), taskUrl("会 議/1")], ["/盤/tasks", "/盤/tasks/%E4%BC%9A%20%E8%AD%B0%2F1"]);
});
