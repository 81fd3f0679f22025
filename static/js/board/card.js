// @ts-check
// A card of the board.

import { taskUrl } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { blank, short } from "./facts.js";
import { artifactMark, dueMark, icon, lockMark, priorityMark } from "./marks.js";

/** @typedef {import("./facts.js").Entry} Entry */

function contents(/** @type {Entry} */ entry) {
  const { id, title } = entry.task;
  const name = blank(title) ? t("(no title)") : title;
  return [
    h("div", { class: "card-top" },
      h("bdi", { class: "card-id", title: short(id) }, short(id) || "—"),
      priorityMark(entry), lockMark(entry),
      h("button", { type: "button", class: "card-menu", tabindex: "-1", "aria-haspopup": "menu",
        "aria-label": t("Actions for {id}", { id: short(id) }) }, icon("more"))),
    h("a", { class: "card-title", href: taskUrl(id), tabindex: "-1", draggable: false,
      dir: "auto", title: short(name) }, short(name)),
    h("div", { class: "card-foot" },
      h("bdi", { class: "card-owner", title: t("Owner") }, short(entry.owner) || "—"),
      dueMark(entry), artifactMark(entry)),
  ];
}

function dress(/** @type {HTMLElement} */ card, /** @type {Entry} */ entry) {
  card.dataset.key = entry.key;
  card.dataset.taskId = entry.task.id;
  card.dataset.rev = entry.task.rev;
  card.classList.toggle("is-moving", entry.moving);
  card.setAttribute("aria-busy", String(entry.moving));
}

/** Make a card. */
export function renderCard(/** @type {Entry} */ entry) {
  const card = h("div", { class: "card", role: "listitem", tabindex: "-1",
    "aria-describedby": "board-help" }, ...contents(entry));
  dress(card, entry);
  return card;
}

/** Show another revision on a card; whether it has the tab stop stays. */
export function updateCard(/** @type {HTMLElement} */ card, /** @type {Entry} */ entry) {
  const menu = card.querySelector(".card-menu");
  const stop = menu?.getAttribute("tabindex") ?? "-1";
  const focused = menu !== null && menu === document.activeElement;
  fill(card, ...contents(entry));
  dress(card, entry);
  const renewed = /** @type {HTMLElement} */ (card.querySelector(".card-menu"));
  renewed.setAttribute("tabindex", stop);
  if (focused) renewed.focus({ preventScroll: true });
}
