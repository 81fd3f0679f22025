// @ts-check
// The evidence of the pending approvals in view, looked at one after the other.
import { fill } from "../lib/dom.js";
import { readEvidence, stateBadge, stateOf } from "./evidence.js";

const MOST = 25;
const LOUD = new Set(["changed", "missing"]);

/** Return `{note, mark}`: keep what is known of evidence, and mark the rows whose file is not as it was. */
export function makeChecks(body) {
  const known = new Map();
  let running = false;

  const key = (approval) => `${approval.appr_id} ${approval.rev}`;

  function note(approval, found) {
    known.set(key(approval), found);
    draw(approval, found);
  }

  function draw(approval, found) {
    const row = body.querySelector(`tr[data-appr-id="${CSS.escape(approval.appr_id)}"]`);
    const place = row && row.querySelector(".row-evidence");
    if (place) fill(place, LOUD.has(stateOf(found)) ? stateBadge(found) : null);
  }

  async function mark(rows) {
    const pending = rows.filter((one) => one.status === "pending").slice(0, MOST);
    for (const one of pending) if (known.has(key(one))) draw(one, known.get(key(one)));
    if (running) return;
    running = true;
    for (const one of pending) {
      if (known.has(key(one))) continue;
      const found = await readEvidence(one.appr_id).catch(() => null);
      if (found) note(one, found);
    }
    running = false;
  }

  return { note, mark };
}
