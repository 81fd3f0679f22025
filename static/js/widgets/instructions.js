// @ts-check
// Instructions to the cores.
import { get, post } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { relative, t } from "../lib/i18n.js";
import { forbid } from "../lib/role.js";
import { explain, keepFresh } from "../lib/section.js";
import { toast } from "../lib/ui.js";

const LOOK_SECONDS = 30;

/** Show the instructions and wire the form. @param {HTMLElement} root */
export function mount(root) {
  const form = /** @type {HTMLFormElement} */ (root.querySelector("#ins-form"));
  forbid(form.querySelectorAll("[type=submit]"), "write");
  const look = keepFresh(root, () => get("/api/work/instructions"), ({ items }) => {
    const rows = items.slice().reverse().map(item);
    fill(need(root, "#ins-list"), ...(rows.length ? rows : [h("li", { class: "empty" }, t("No instruction has been given yet."))]));
  }, { seconds: LOOK_SECONDS });
  need(root, "#btn-ins-reload").addEventListener("click", look);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await give(form)) look();
  });
}

function item(one) {
  return h("li", {}, h("b", {}, one.owner), " ", h("strong", {}, one.title), " ",
    h("span", { class: "muted" }, `${one.id} · ${relative(one.created_at)}`),
    one.detail ? h("p", { class: "excerpt" }, one.detail) : "");
}

async function give(form) {
  const failed = form.querySelector(".form-error");
  failed.hidden = true;
  try {
    await post("/api/work/instructions", Object.fromEntries(new FormData(form)));
    form.reset();
    toast(t("The instruction is given."));
    return true;
  } catch (error) {
    failed.textContent = explain(error);
    failed.hidden = false;
    return false;
  }
}
