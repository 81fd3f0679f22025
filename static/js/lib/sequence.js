// @ts-check
// The numbers of live events: each event counts once, by whichever way it came, also when replayed.

/** Return a sequence that has heard of nothing. */
export function makeSequence() {
  /** @type {number | null} */
  let newest = null;
  return {
    /** The number of the newest event heard; null: none, so that nothing can be replayed. */
    get cursor() {
      return newest;
    },

    /** Tell whether an event is news. A reset begins a new count; others have no number. @param {string} name @param {any} data */
    isNews(name, data) {
      const seq = data?.seq;
      if (typeof seq !== "number") return true;
      if (name !== "reset" && newest !== null && seq <= newest) return false;
      newest = seq;
      return true;
    },
  };
}
