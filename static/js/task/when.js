// @ts-check
// Times as people read them: relative, with the exact one a hover away.
import { h } from "../lib/dom.js";
import { daysOver, day, duration, moment, relative, stamp, t } from "../lib/i18n.js";

/** Return a `<time>`; what is no time is shown as it is, nothing as a dash. */
export function when(iso) {
  if (!moment(iso)) return h("span", {}, iso && iso !== "-" ? iso : "—");
  return h("time", { datetime: iso, title: stamp(iso) }, relative(iso));
}

/** Return a due date with how far off it is. */
export function dueText(due) {
  if (!moment(due)) return h("span", {}, due && due !== "-" ? due : "—");
  const over = daysOver(due);
  const words = over > 0 ? t("{count} d overdue", { count: over }) : relative(due);
  const shown = due.length > 10 ? stamp(due) : day(due);
  return h(
    "span",
    {},
    h("time", { datetime: due, title: due }, shown),
    " ",
    h("span", { class: over > 0 ? "overdue" : "muted" }, words),
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
