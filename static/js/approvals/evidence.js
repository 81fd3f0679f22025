// @ts-check
// What an approval's evidence is now: the file, its hash, whether it changed since the request.
import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";

/** Read the evidence of an approval anew. */
export function readEvidence(id) {
  return get(`/api/approvals/${encodeURIComponent(id)}/evidence`);
}

/** Return one word of state for styles: changed, same, plain, missing, private, none, other. */
export function stateOf({ kind, changed }) {
  if (changed === true) return "changed";
  if (kind === "missing" || kind === "private" || kind === "none" || kind === "other") return kind;
  return changed === false ? "same" : "plain";
}

/** Say the state in words. */
export function nameState(found) {
  return {
    changed: found.exists ? t("changed since the request") : t("gone since the request"),
    same: t("unchanged since the request"),
    plain: t("found; no hash was recorded at the request"),
    missing: found.recorded ? t("gone since the request") : t("not found below the MOC root"),
    private: t("private: never shown"),
    none: t("no evidence given"),
    other: t("not a file"),
  }[stateOf(found)];
}

/** Return the badge of a state. */
export function stateBadge(found) {
  const state = stateOf(found);
  return h("span", { class: `evidence-state is-${state}`, dataset: { state } }, nameState(found));
}

/** Return the whole preview: path, state, size, hashes, text. */
export function preview(found) {
  return h(
    "div",
    { class: "evidence" },
    h("p", { class: "evidence-path mono" }, found.file || found.path || "—"),
    h(
      "p",
      { class: "evidence-line" },
      stateBadge(found),
      found.size === null
        ? null
        : h("span", { class: "muted" }, t("{size} bytes", { size: number(found.size) })),
    ),
    stateOf(found) === "changed" ? warning() : null,
    hashes(found),
    textOf(found),
  );
}

function warning() {
  return h(
    "p",
    { class: "banner warning evidence-warning", role: "note" },
    t(
      "The evidence is not what it was when the approval was requested. Look at it again before you decide.",
    ),
  );
}

function hashes({ sha256, recorded }) {
  if (!sha256 && !recorded) return null;
  const rows = [
    [t("sha256 now"), sha256],
    [t("at the request"), recorded],
  ].filter(([, value]) => value);
  return h(
    "dl",
    { class: "facts hashes" },
    ...rows.map(([name, value]) => [h("dt", {}, name), h("dd", { class: "mono" }, value)]),
  );
}

function textOf({ kind, text, truncated }) {
  if (text === null || text === undefined) {
    return kind === "file"
      ? h("p", { class: "muted" }, t("Not a text; there is no preview."))
      : null;
  }
  return h(
    "div",
    {},
    h(
      "pre",
      { class: "evidence-text", tabindex: "0", role: "region", "aria-label": t("Preview") },
      text,
    ),
    truncated ? h("p", { class: "muted" }, t("Only the beginning is shown.")) : null,
  );
}
