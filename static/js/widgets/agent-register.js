// @ts-check
// Register an agent.
import { need } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { forbid } from "../lib/role.js";
import { explain } from "../lib/section.js";
import { CHANGED, call } from "../agents/registry.js";

/** Wire the form; it keeps its input until the server has it. @param {HTMLElement} root */
export function mount(root) {
  const form = /** @type {HTMLFormElement} */ (root.querySelector("#registerForm"));
  const said = need(root, "#regMsg");
  forbid(form.querySelectorAll("[type=submit]"), "write");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
      const { id } = await call("/api/agents/register", fields);
      said.textContent = t("{id} is registered.", { id });
      form.reset();
      document.dispatchEvent(new Event(CHANGED));
    } catch (error) {
      said.textContent = explain(error);
    }
  });
}
