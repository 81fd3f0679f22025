// @ts-check
// A glance at a task without leaving the page: [data-task-details="<id>"] opens it.

/** Open the dialog for every element that names a task. */
export function start() {
  document.addEventListener("click", async (event) => {
    const named = /** @type {Element} */ (event.target).closest("[data-task-details]");
    if (!named) return;
    const { openTask } = await import("../task/dialog.js");
    await openTask(named.getAttribute("data-task-details") || "");
  });
}
