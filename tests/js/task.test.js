import assert from "node:assert/strict";
import { test } from "node:test";

import { plainLine } from "../../static/js/task/log.js";
import { fromField, isSave, toField } from "../../static/js/task/text.js";
import { clock } from "../../static/js/board/lease.js";

test("notes have lines in the field and breaks in the cell", () => {
  assert.equal(toField("notes", "手順 <br>depends=003 <br>C:\\会議"), "手順\ndepends=003\nC:\\会議");
  assert.equal(fromField("notes", " 手順  \r\ndepends=003\nC:\\会議\n"), "手順 <br>depends=003 <br>C:\\会議");
  const cell = "一 <br>二 <br>三";
  assert.equal(fromField("notes", toField("notes", cell)), cell);
});

test("an empty cell is an empty field", () => {
  assert.deepEqual([toField("due", "-"), toField("due", null), fromField("title", " 題名 ")], ["", "", "題名"]);
});

test("Enter saves, but not in notes and not while characters are composed", () => {
  const enter = (more = {}) => ({ key: "Enter", keyCode: 13, isComposing: false, ctrlKey: false, metaKey: false, ...more });
  assert.deepEqual(
    [isSave("title", enter()), isSave("title", enter({ isComposing: true })), isSave("title", enter({ keyCode: 229 })),
      isSave("notes", enter()), isSave("notes", enter({ ctrlKey: true })), isSave("title", { ...enter(), key: "あ" })],
    [true, false, false, false, true, false],
  );
});

test("a job's line is as a terminal would leave it", () => {
  const lines = ["\u001b[31m失敗\u001b[0m: C:\\盤", "10%\r50%\r100% 完了\r", "\u001b]0;題名\u0007本文", "鈴\u0007"];
  assert.deepEqual(lines.map(plainLine), ["失敗: C:\\盤", "100% 完了", "本文", "鈴"]);
});

test("a lease counts down in minutes, from an hour on in hours", () => {
  assert.deepEqual([clock(59.9), clock(600), clock(7599)], ["0:59", "10:00", "2h06m"]);
});
