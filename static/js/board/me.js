// @ts-check
// Whose tasks are "mine".

/**
 * Return the owners that mean the reader: the identity and its role, as the toolbar names them.
 * Without token authentication the pages act as CMD (contract 1.2).
 * @returns {string[]}
 */
export function whoAmI() {
  const toolbar = /** @type {HTMLElement | null} */ (document.querySelector("[data-me]"));
  return (toolbar?.dataset.me ?? "CMD").split("\n").filter(Boolean);
}
