// @ts-check
// The banner of a ledger that is damaged, missing or has notices, as long as it is so.

import { url } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { problemText, t } from "../lib/i18n.js";
import { store } from "../lib/store.js";

const KINDS = /** @type {const} */ (["task", "approval", "milestone"]);
const SHOWN = ["damage", "row", "warning"];
const MOST = 50;

/** Show the banner now and after every change of a ledger. */
export function start() {
  store.subscribe(["tasks", "approvals", "milestones"], draw);
}

/** The text that is on screen: an alert must not be read out again for nothing. */
let said = "";

function draw() {
  const place = /** @type {HTMLElement} */ (document.getElementById("damage-banner"));
  const problems = collect();
  const lost = KINDS.filter((kind) => store.ledger(kind).lost);
  const stale = KINDS.filter((kind) => store.ledger(kind).stale && !store.ledger(kind).lost);
  const now = JSON.stringify([problems, lost, stale]);
  if (now === said) return;
  said = now;
  fill(place, problems.length || lost.length || stale.length ? banner(problems, lost, stale) : null);
}

/** @returns {any[]} what a person should see to, the worst first */
function collect() {
  return KINDS.flatMap((kind) => store.ledger(kind).problems)
    .filter((one) => SHOWN.includes(one.severity))
    .sort((one, other) => SHOWN.indexOf(one.severity) - SHOWN.indexOf(other.severity));
}

/** @param {any[]} problems @param {readonly string[]} lost @param {readonly string[]} stale */
function banner(problems, lost, stale) {
  const isDamaged = lost.length + stale.length > 0 || problems[0]?.severity === "damage";
  const isSerious = problems.some((one) => one.severity !== "warning");
  const kind = isDamaged ? "damage" : isSerious ? "notice" : "warning";
  return h("section", { class: `banner ${kind}`, "aria-labelledby": "problems-heading" },
    lost.length > 0 && h("p", null, h("strong", null,
      t("{files} cannot be read, so nothing of it can be shown or changed.", { files: names(lost) }))),
    stale.length > 0 && h("p", null, h("strong", null,
      t("{files} is damaged or gone: these are the last rows that could be read. Nothing can be written until it is mended.",
        { files: names(stale) }))),
    h("details", { open: isDamaged },
      h("summary", { id: "problems-heading" }, headline(problems.length, isSerious)),
      h("ul", null, problems.slice(0, MOST).map(line)),
      h("p", null, h("a", { href: url("/ledger") }, t("Open the ledger page")))));
}

/** @param {number} count @param {boolean} isSerious */
const headline = (count, isSerious) =>
  isSerious
    ? t("Problems in the ledgers: {count}", { count })
    : t("Notices about the ledgers: {count}", { count });

/** @param {any} problem */
const line = (problem) =>
  h("li", { class: `severity-${problem.severity}` },
    h("code", null, `${problem.file}:${problem.line}`), " ", problemText(problem));

/** @param {readonly string[]} kinds */
const names = (kinds) => kinds.map((kind) => `${kind.toUpperCase()}S.md`).join(", ");
