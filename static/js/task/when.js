// @ts-check
// Times as people read them: relative, with the exact one a hover away.
import { h } from "../lib/dom.js";
import { awayWords, dueOf, dueShown } from "../lib/due.js";
import { duration, moment, relative, stamp, t } from "../lib/i18n.js";

/** Return a `<time>`; what is no time is shown as it is, nothing as a dash. */
export function when(iso) {
  if (!moment(iso)) return h("span", {}, iso && iso !== "-" ? iso : "—");
  return h("time", { datetime: iso, title: stamp(iso) }, relative(iso));
}

/** Return a due date with how far off it is; what is final is never late. */
export function dueText(due, status) {
  const found = dueOf(due, status);
  if (!found) return h("span", {}, dueShown(due));
  return h(
    "span",
    {},
    h("time", { datetime: due, title: due }, dueShown(due)),
    " ",
    h("span", { class: found.late ? "overdue" : "muted" }, awayWords(found)),
  );
}

/** Say who holds a task's lock and for how long, or "" when nobody does. */
export function lockText(task) {
  if (!task.lock || task.lock === "-") return "";
  const holder = task.lock_owner && task.lock_owner !== "-" ? task.lock_owner : task.lock;
  const ends = moment(task.lock_expires_at);
  if (!ends) return t("held by {holder}, without an end", { holder });
  const seconds = (ends.getTime() - Date.now()) / 1000;
  const time = duration(Math.abs(seconds));
  return seconds <= 0
    ? t("held by {holder}, ended {time} ago", { holder, time })
    : t("held by {holder}, {time} left", { holder, time });
}
