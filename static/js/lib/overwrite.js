// @ts-check
// A guarded write: refused when somebody was faster, and then only repeated when the reader says so.

/**
 * Send until it is written or given up; resolves to the answer, or null when it was given up.
 * @param {any} record the row as the reader saw it
 * @param {(rev: string) => Promise<any>} send writes over this revision only
 * @param {(before: any, present: any) => Promise<boolean>} ask whether ours shall count
 * @returns {Promise<any>}
 */
export async function writeOver(record, send, ask) {
  let before = record;
  for (;;) {
    try {
      return await send(before.rev);
    } catch (error) {
      const present = presentOf(error);
      if (!present) throw error;
      if (!(await ask(before, present))) return null;
      before = present;
    }
  }
}

/** Return the row that a refusal brings because another revision is there now, or null. @param {any} error */
const presentOf = (error) => (error.status === 409 && error.body?.present) || null;

/**
 * Return the cells to choose between: those that they changed, and those that the reader wanted.
 * @param {any} before
 * @param {any} present
 * @param {Record<string, string>} wanted
 */
export const cellsOf = (before, present, wanted) =>
  Object.keys(present).filter(
    (name) => name !== "rev" && (before[name] !== present[name] || name in wanted),
  );
