// @ts-check
// What happened to a task, newest first, each change with its undo.
import { get } from "../lib/api.js";
import { fill, h, keyed } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { keepFresh } from "../lib/section.js";
import { entryItem } from "../task/entry.js";

const PAGE = 50;

/** Show the history of the section's task. */
export function mount(root) {
  const id = root.dataset.taskId;
  const list = root.querySelector("[data-entries]");
  const more = root.querySelector("[data-more]");
  let limit = PAGE;
  const read = () => get(`/api/history?kind=task&id=${encodeURIComponent(id)}&limit=${limit}`);
  const look = keepFresh(root, read, show);
  const soon = () => setTimeout(look, 0);
  live.on("task_updated", (event) => event.id === id && soon());
  live.on("reset", soon);
  more.addEventListener("click", () => {
    limit = Math.min(500, limit + 100);
    look();
  });

  function show({ entries, next_before }) {
    more.hidden = next_before === null || limit >= 500;
    if (!entries.length)
      return fill(
        list,
        h("li", { class: "empty" }, t("Nothing was changed since the journal began.")),
      );
    // Whether an entry can be undone changes with the row: such an item is made anew.
    return keyed(
      list,
      entries,
      (one) => `${one.id} ${one.undoable}`,
      (one) => entryItem(one, { done: soon }),
      () => {},
    );
  }
}
