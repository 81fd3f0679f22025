// @ts-check
// The tabs of the task table, as the legacy had them, and one with everything.

/**
 * What each tab holds. The legacy had FIX and DROP in none: FIX is work going on, DROP is
 * found under "all" like everything else.
 * @type {Record<string, string[] | null>}
 */
export const TABS = {
  all: null,
  "in-progress": ["DOING", "FIX"],
  planned: ["PLAN", "READY"],
  "not-started": ["HOLD", "REVIEW"],
  completed: ["DONE"],
};

/** Tell whether a tab holds tasks of a status. */
export const holds = (/** @type {string} */ tab, /** @type {string} */ status) =>
  TABS[tab]?.includes(status) ?? true;

/**
 * Make a tab list: arrow keys choose, one tab stop.
 * @param {HTMLElement} root
 * @param {(name: string) => void} choose
 */
export function watchTabs(root, choose) {
  const tabs = /** @type {HTMLElement[]} */ ([...root.querySelectorAll('[role="tab"]')]);
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(tab.dataset.tab ?? ""));
    tab.addEventListener("keydown", (event) => {
      /** @type {Record<string, number>} */
      const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
      if (!(event.key in next)) return;
      event.preventDefault();
      const to = /** @type {HTMLElement} */ (tabs.at(next[event.key] % tabs.length));
      to.focus();
      choose(to.dataset.tab ?? "");
    });
  });
  return (/** @type {string} */ chosen) => {
    for (const tab of tabs) {
      const on = tab.dataset.tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    for (const panel of root.querySelectorAll('[role="tabpanel"]')) {
      if (panel instanceof HTMLElement) panel.hidden = panel.dataset.tab !== chosen;
    }
  };
}
