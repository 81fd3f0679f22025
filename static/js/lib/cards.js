// @ts-check
// Tables that become cards on narrow screens: each cell carries its column's name.

/** Name the cells of a table now and whenever its rows change. @param {HTMLTableElement} table */
export function nameCells(table) {
  const name = () => {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent?.trim() ?? "");
    for (const row of [...table.tBodies].flatMap((body) => [...body.rows])) {
      if (row.cells.length !== heads.length) continue;
      [...row.cells].forEach((cell, at) => (cell.dataset.label = heads[at]));
    }
  };
  new MutationObserver(name).observe(table, { childList: true, subtree: true });
  name();
}
