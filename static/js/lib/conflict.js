// @ts-check
// Somebody was faster: show both versions, and let the reader choose.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { cellsOf } from "./overwrite.js";
import { store } from "./store.js";
import { openDialog } from "./ui.js";
import { cellName } from "./words.js";

const IDS = { task: "id", approval: "appr_id" };

/**
 * Ask what shall count; resolves to true for "write mine over it". The store has theirs then.
 * @param {"task" | "approval"} kind
 * @param {any} before the row that the reader saw
 * @param {any} present the row as it is
 * @param {Record<string, string>} wanted the cells that the reader wanted
 */
export async function solveConflict(kind, before, present, wanted) {
  store.put(kind, present);
  const dialog = draw(present[IDS[kind]], before, present, wanted);
  document.body.append(dialog);
  const answer = await openDialog(dialog);
  dialog.remove();
  return answer === "mine";
}

/** @param {string} id @param {any} before @param {any} present @param {Record<string, string>} wanted */
function draw(id, before, present, wanted) {
  const cells = cellsOf(before, present, wanted);
  return h("dialog", { class: "dialog", id: "conflict-dialog", "aria-labelledby": "conflict-title" },
    h("form", { method: "dialog" },
      h("h2", { id: "conflict-title" }, t("{id} was changed meanwhile", { id })),
      h("p", null, t("Nothing of yours was written. Which version shall count?")),
      h("div", { class: "table-scroll" },
        h("table", { class: "rows conflict-cells" },
          h("thead", null, h("tr", null, head(t("Cell")), head(t("Theirs")), head(t("Yours")))),
          h("tbody", null, cells.map((name) => row(name, present, before, wanted))))),
      h("div", { class: "form-buttons" },
        h("button", { class: "btn", value: "theirs", autofocus: true }, t("Take theirs")),
        h("button", { class: "btn btn-primary", value: "mine" }, t("Write mine over it")))));
}

/** @param {string} text */
const head = (text) => h("th", { scope: "col" }, text);

/** @param {string} name @param {any} present @param {any} before @param {Record<string, string>} wanted */
function row(name, present, before, wanted) {
  const theirs = String(present[name] ?? "");
  const yours = String(wanted[name] ?? present[name] ?? "");
  const isTheirs = String(before[name] ?? "") !== theirs;
  return h("tr", null, h("th", { scope: "row", class: "nowrap", title: name }, cellName(name)),
    h("td", { class: isTheirs ? "changed" : null }, theirs),
    h("td", { class: name in wanted ? "changed" : null }, yours));
}
