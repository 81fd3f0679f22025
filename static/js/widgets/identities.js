// @ts-check
// Let somebody in: the token is shown this once.
import { ApiError, post } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { explain } from "../lib/section.js";

/** Wire the form that registers an identity, where there is one. @param {HTMLElement} root */
export function mount(root) {
  const form = /** @type {HTMLFormElement | null} */ (root.querySelector("#register-form"));
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    register(form, need(root, "#auth-message"));
  });
}

async function register(form, said) {
  const fields = Object.fromEntries(new FormData(form));
  try {
    const { token } = await post("/api/security/register", fields);
    fill(said, t("{name} is registered. Token, shown this once:", { name: String(fields.username) }), " ", h("code", {}, token));
    form.reset();
  } catch (error) {
    const detail = error instanceof ApiError && error.body?.detail;
    fill(said, [explain(error), detail].filter(Boolean).join(": "));
  }
}
