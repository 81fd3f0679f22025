// @ts-check
// What the standing audit and the tests reported last.
import { get } from "../lib/api.js";
import { need } from "../lib/dom.js";
import { keepFresh } from "../lib/section.js";

const LOOK_SECONDS = 15;

/** Show the reports. @param {HTMLElement} root */
export function mount(root) {
  const look = keepFresh(root, () => get("/api/work/progress"), (found) => {
    const lines = found.md_tail;
    need(root, "#audit-tail").textContent = Array.isArray(lines) ? lines.join("\n") : lines || "";
    need(root, "#test-summary").textContent = found.test_summary ? JSON.stringify(found.test_summary, null, 2) : "";
  }, { seconds: LOOK_SECONDS });
  need(root, "#btn-progress-reload").addEventListener("click", look);
}
