// @ts-check
// How many tasks the open sessions of the dispatcher may have in work at a time.

import { get } from "../lib/api.js";
import { live } from "../lib/live.js";

/**
 * Call `tell(limit)` now and whenever a session begins or ends; null: nobody told a limit.
 * @param {(limit: number | null) => void} tell
 */
export function watchLimit(tell) {
  const look = async () => {
    const found = await get("/api/leases").catch(() => null);
    const limits = Object.values(found?.dispatcher.limits ?? {});
    tell(limits.length ? limits.reduce((sum, limit) => sum + limit, 0) : null);
  };
  live.on("dispatcher_started", look);
  live.on("dispatcher_stopped", look);
  void look();
}
