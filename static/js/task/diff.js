// @ts-check
// The cells that a change touched, with what is new in them marked.
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { cellName } from "../lib/words.js";

const LONG = 48;

/** Return the list of changed cells of a journal entry; a new row's empty cells are left out. */
export function diffOf(changes) {
  return h("dl", { class: "diff" }, ...changes.filter(isTelling).map(changeOf));
}

function isTelling({ before, after }) {
  const isEmpty = (value) => value === null || value === "" || value === "-";
  return !(isEmpty(before) && isEmpty(after));
}

function changeOf({ cell, before, after }) {
  const [old, fresh] = [shown(before), shown(after)];
  const [oldPart, newPart] = marked(old, fresh);
  const long = old.length > LONG || fresh.length > LONG;
  return h(
    "div",
    { class: long ? "diff-row long" : "diff-row" },
    h("dt", { title: cell }, cellName(cell)),
    h(
      "dd",
      {},
      before === null
        ? null
        : h("del", {}, h("span", { class: "visually-hidden" }, t("before: ")), ...oldPart),
      before === null ? null : h("span", { class: "diff-arrow", "aria-hidden": "true" }, "→"),
      after === null
        ? h("span", { class: "muted" }, t("removed"))
        : h("ins", {}, h("span", { class: "visually-hidden" }, t("after: ")), ...newPart),
    ),
  );
}

function shown(value) {
  if (value === null || value === "") return "—";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

// Only long texts are worth the marks: what both have at their ends stays plain.
function marked(old, fresh) {
  if (old.length <= LONG && fresh.length <= LONG) return [[old], [fresh]];
  const [a, b] = [Array.from(old), Array.from(fresh)];
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  return [pieces(a, head, tail), pieces(b, head, tail)];
}

function pieces(text, head, tail) {
  const end = text.length - tail;
  const middle = text.slice(head, end).join("");
  return [text.slice(0, head).join(""), middle && h("mark", {}, middle), text.slice(end).join("")];
}
