// @ts-check
// A card in the hand, by pointer or by keyboard: where it may go, and what happens there.

import { t } from "../lib/i18n.js";
import { standstill } from "../lib/role.js";
import { toast } from "../lib/ui.js";
import { authorName } from "../lib/words.js";
import { authorOf } from "../task/follow.js";
import { short } from "./facts.js";
import { OTHERS } from "./columns.js";
import { moveTask } from "./move.js";
import { verbFor, whyNot } from "./rules.js";

/** @typedef {import("./facts.js").Entry} Entry */
/** @typedef {import("./view.js").Cell} Cell */

/** Say why an entry may not be put into a cell; "" when it may. */
export function refusal(/** @type {Entry} */ entry, /** @type {Cell} */ cell) {
  const { status, owner } = cell;
  if (status !== entry.status && !verbFor(entry.status, status)) {
    return whyNot(entry.status, status);
  }
  return owner === OTHERS && owner !== entry.owner ? t("This lane holds several owners.") : "";
}

/**
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./view.js").makeView>} view
 */
export function makeCarry(root, view) {
  const speaker = /** @type {HTMLElement} */ (root.querySelector('[data-part="speaker"]'));
  /** @type {{entry: Entry, home: Cell, aim: Cell | null} | null} */
  let held = null;

  const say = (/** @type {string} */ text) => (speaker.textContent = text);
  const name = (/** @type {Cell} */ cell) =>
    cell.owner ? `${short(cell.status)}, ${short(cell.owner)}` : short(cell.status) || "—";
  const target = (/** @type {Entry} */ entry, /** @type {Cell} */ cell) => ({
    status: cell.status,
    owner: cell.owner === null || cell.owner === OTHERS ? entry.owner : cell.owner,
  });

  function mark() {
    for (const cell of view.cells.values()) {
      const why = held ? refusal(held.entry, cell) : "";
      cell.node.classList.toggle("is-closed", Boolean(why));
      cell.node.classList.toggle("is-aim", held !== null && cell === held.aim);
    }
    root.classList.toggle("is-carrying", held !== null);
  }

  function end() {
    if (held) view.find(held.entry.key)?.cell.window.row(held.entry.key)?.classList.remove("is-held");
    held = null;
    mark();
  }

  return {
    say,
    held: () => held,
    /** Take a card; false (and the reason is told) when nothing can be moved. */
    lift(/** @type {Entry} */ entry) {
      const place = view.find(entry.key);
      const why = standstill();
      if (why) toast(why, { kind: "info" });
      if (why || !place || entry.moving) return false;
      held = { entry, home: place.cell, aim: place.cell };
      place.cell.window.row(entry.key)?.classList.add("is-held");
      mark();
      say(t("{id} lifted from {column}. Arrow keys move it, Space drops it, Escape cancels.",
        { id: short(entry.task.id), column: name(place.cell) }));
      return true;
    },
    /** Point at a cell, or at none. */
    aim(/** @type {Cell | null} */ cell) {
      if (!held || held.aim === cell) return;
      held.aim = cell;
      mark();
      if (!cell) return;
      const why = refusal(held.entry, cell);
      say(why ? `${name(cell)}: ${why}` : t("Over {column}.", { column: name(cell) }));
    },
    /** Put the card where it points at; resolves to whether the ledger was changed. */
    async drop() {
      if (!held) return false;
      const { entry, home, aim } = held;
      end();
      const why = aim ? refusal(entry, aim) : "";
      if (why) toast(why, { kind: "info" });
      if (why || !aim || aim === home) {
        say(`${why} ${t("{id} stays in {column}.", { id: short(entry.task.id), column: name(home) })}`);
        return false;
      }
      say(t("{id} dropped on {column}.", { id: short(entry.task.id), column: name(aim) }));
      const done = await moveTask(entry, target(entry, aim));
      if (!done) say(t("{id} went back to {column}.", { id: short(entry.task.id), column: name(home) }));
      return done;
    },
    /** Put the card back. */
    cancel() {
      if (!held) return;
      const { entry, home } = held;
      end();
      say(t("{id} stays in {column}.", { id: short(entry.task.id), column: name(home) }));
    },
    /** After a change from elsewhere: let go of a card that is no longer as it was lifted. */
    check() {
      if (!held) return;
      const place = view.find(held.entry.key);
      const now = place?.cell.window.items()[place.index];
      if (now && now.task.rev === held.entry.task.rev) return mark();
      const values = { id: short(held.entry.task.id), who: authorName(now && authorOf(now.task)) };
      end();
      const words = now
        ? t("{who} changed {id} meanwhile; nothing was moved.", values)
        : t("{id} is no longer shown here; nothing was moved.", values);
      say(words);
      toast(words, { kind: "info" });
    },
  };
}
