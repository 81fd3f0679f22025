// @ts-check
// Which approvals a page shows: pending ones first, the oldest of them first, then the newest decided.

export const PER_PAGE = 50;

/**
 * Return one page of the approvals that fit.
 * @param {any[]} approvals in file order
 * @param {{status: string, text: string, page: number, size?: number | undefined}} wanted
 * @returns {{rows: any[], count: number, page: number, pages: number, pending: number}}
 */
export function choose(approvals, { status, text, page, size = PER_PAGE }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = approvals.filter(
    (one) => (!status || one.status === status) && hasAll(one, words),
  );
  const pending = fitting.filter((one) => one.status === "pending").sort(byRequest);
  const decided = fitting
    .filter((one) => one.status !== "pending")
    .reverse()
    .sort(byDecision);
  const pages = Math.max(1, Math.ceil(fitting.length / size));
  const shown = Math.min(Math.max(1, page || 1), pages);
  const rows = [...pending, ...decided].slice((shown - 1) * size, shown * size);
  return { rows, count: fitting.length, page: shown, pages, pending: pending.length };
}

function hasAll(approval, words) {
  if (!words.length) return true;
  const all = Object.values(approval).join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}

// ISO times in UTC compare as text; a missing one has waited longest.
function byRequest(a, b) {
  return plain(a.ts_req) < plain(b.ts_req) ? -1 : plain(a.ts_req) > plain(b.ts_req) ? 1 : 0;
}

function byDecision(a, b) {
  return plain(a.ts_dec) > plain(b.ts_dec) ? -1 : plain(a.ts_dec) < plain(b.ts_dec) ? 1 : 0;
}

function plain(time) {
  return time === "-" ? "" : time;
}
