// @ts-check
// How many tasks the open sessions of the dispatcher may have in work at a time.

import { get } from "../lib/api.js";
import { live } from "../lib/live.js";

/** Return what the sessions may have in work together; null: none told a limit. @param {Record<string, number>} limits */
export function totalOf(limits) {
  const known = Object.values(limits);
  return known.length ? known.reduce((sum, limit) => sum + limit, 0) : null;
}

/**
 * Call `tell(limit)` now and whenever a session begins or ends; null: nobody told a limit.
 * @param {(limit: number | null) => void} tell
 */
export function watchLimit(tell) {
  const look = async () => {
    const found = await get("/api/leases").catch(() => null);
    tell(totalOf(found?.dispatcher.limits ?? {}));
  };
  live.on("dispatcher_started", look);
  live.on("dispatcher_stopped", look);
  void look();
}
