// @ts-check
// The queue of approvals: pending ones first, decided by keyboard or mouse, on evidence in sight.
import { url } from "../lib/api.js";
import { fill, h, keyed } from "../lib/dom.js";
import { number, stamp, t } from "../lib/i18n.js";
import { query } from "../lib/query.js";
import { whyReadOnly } from "../lib/role.js";
import { store } from "../lib/store.js";
import { makeChecks } from "../approvals/checks.js";
import { askDecision } from "../approvals/decide.js";
import { mountDetail } from "../approvals/detail.js";
import { choose } from "../approvals/list.js";
import { approvalRow } from "../approvals/row.js";
import { isTyping } from "../task/follow.js";

const COMPACT_ROWS = 12;
const PRINTED_ROWS = 5_000;
const TICK_MS = 60_000;
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** Show the approvals; the full form has filters, paging and the chosen one beside the list. */
export async function mount(root) {
  const full = root.dataset.form !== "compact";
  const body = root.querySelector("#approvals-table-body");
  const checks = makeChecks(body);
  const detail = full
    ? mountDetail(root.querySelector("[data-detail]"), { decided, seen: checks.note })
    : null;
  let chosen = full ? query.get("id") || "" : "";
  let page = choose([], { status: "", text: "", page: 1 });
  let printing = false;

  await store.ready;
  store.subscribe(["approvals", "tasks"], draw);
  document.addEventListener("keydown", onKey);
  body.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-appr-id]");
    if (row) select(row.dataset.apprId);
  });
  body.addEventListener("click", onClick);
  setInterval(() => document.hidden || draw(), TICK_MS);
  if (full) wireFilters(root, draw);
  if (full) wirePrint((on) => ((printing = on), draw()));
  draw();

  function wanted() {
    if (!full) return { status: "", text: "", page: 1, size: COMPACT_ROWS };
    const size = printing ? PRINTED_ROWS : undefined;
    return {
      status: query.get("status") || "",
      text: query.get("q") || "",
      page: printing ? 1 : Number(query.get("page")),
      size,
    };
  }

  function draw() {
    page = choose([...store.approvals()], wanted());
    const writable = store.isWritable("approval");
    const minute = Math.floor(Date.now() / TICK_MS);
    const seen = new Map();
    const items = page.rows.map((one) => {
      const twin = (seen.get(one.appr_id) || 0) + 1;
      seen.set(one.appr_id, twin);
      return {
        one,
        key: `${one.appr_id} ${twin} ${one.rev} ${store.task(one.task_id)?.rev} ${writable} ${minute}`,
      };
    });
    const focused = /** @type {HTMLElement | null | undefined} */ (
      document.activeElement?.closest("tr[data-appr-id]")
    );
    const again = focused && body.contains(focused) ? focused.dataset.apprId : null;
    keyed(
      body,
      items,
      (item) => item.key,
      ({ one }) => approvalRow(one, { open, decided }),
      () => {},
    );
    if (full && !page.rows.some((one) => one.appr_id === chosen))
      chosen = page.rows[0]?.appr_id || "";
    mark();
    if (again && document.activeElement === document.body) rowOf(again)?.focus();
    tell(root, page, full);
    checks.mark(page.rows);
  }

  function mark() {
    const at = chosen || page.rows[0]?.appr_id;
    for (const row of body.querySelectorAll("tr[data-appr-id]")) {
      row.tabIndex = row.dataset.apprId === at ? 0 : -1;
      if (full && row.dataset.apprId === chosen) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    if (detail) detail(chosen ? store.approval(chosen) : null);
  }

  function rowOf(id) {
    return /** @type {HTMLElement | null} */ (
      body.querySelector(`tr[data-appr-id="${CSS.escape(id)}"]`)
    );
  }

  function select(id) {
    if (id === chosen) return;
    chosen = id;
    if (full) query.set({ id });
    mark();
  }

  function open(id) {
    if (!full) return location.assign(url(`/approvals?id=${encodeURIComponent(id)}`));
    select(id);
    return root.querySelector("[data-detail]").scrollIntoView({ block: "nearest" });
  }

  function onClick(event) {
    if (event.target.closest("a, button")) return;
    const row = event.target.closest("tr[data-appr-id]");
    if (row) row.focus();
  }

  function step(by) {
    const place = page.rows.findIndex((one) => one.appr_id === chosen);
    const next = page.rows[Math.min(page.rows.length - 1, Math.max(0, place + by))];
    if (next) focusRow(next.appr_id);
  }

  function focusRow(id) {
    select(id);
    rowOf(id)?.focus();
  }

  function onKey(event) {
    const inside = event.target instanceof Element && body.contains(event.target);
    if (isTyping(event) || !(inside || (full && event.target === document.body))) return;
    const act = actions()[event.key];
    if (!act || (event.key === "Enter" && event.target.closest("a, button"))) return;
    event.preventDefault();
    act();
  }

  function actions() {
    const move = Object.fromEntries(
      Object.entries(STEPS).map(([key, by]) => [key, () => step(by)]),
    );
    return {
      ...move,
      a: () => decideChosen("approved"),
      r: () => decideChosen("rejected"),
      e: showEvidence,
      Enter: () => chosen && open(chosen),
    };
  }

  async function decideChosen(status) {
    const approval = chosen && store.approval(chosen);
    if (approval && approval.status === "pending" && !whyReadOnly("approval"))
      decided(await askDecision(approval, status));
  }

  function showEvidence() {
    if (!full) return chosen && open(chosen);
    const text =
      root.querySelector("[data-detail] .evidence-text") ||
      root.querySelector("[data-detail] .detail-evidence");
    if (!text) return undefined;
    text.scrollIntoView({ block: "nearest" });
    if (text.tabIndex >= 0) text.focus();
    return undefined;
  }

  // The next one that waits takes the place of the one that was decided.
  function decided(approval) {
    if (!approval) return chosen && rowOf(chosen)?.focus();
    draw();
    const next = page.rows.find((one) => one.status === "pending");
    return focusRow(next ? next.appr_id : approval.appr_id);
  }
}

function tell(root, page, full) {
  const all = store.approvals();
  const waiting = all.filter((one) => one.status === "pending").length;
  const badge = root.querySelector("[data-waiting]");
  badge.textContent = waiting ? t("{count} waiting", { count: number(waiting) }) : t("nothing waits");
  badge.classList.toggle("status-pending", waiting > 0);
  badge.classList.toggle("badge-ok", waiting === 0);
  const empty = root.querySelector("[data-empty]");
  empty.hidden = page.count > 0;
  empty.textContent = all.length ? t("No approval fits the filter.") : emptyText();
  root.querySelector(".table-scroll").hidden = page.count === 0;
  const more = root.querySelector("[data-rest]");
  if (!full) {
    const rest = page.count - page.rows.length;
    more.textContent = rest > 0 ? t("{count} more", { count: number(rest) }) : t("All approvals");
    return;
  }
  showPages(root.querySelector("[data-pages]"), page);
  const filter = [query.get("status") || t("all"), query.get("q")].filter(Boolean).join(" · ");
  root.querySelector("[data-printed]").textContent = t(
    "Filter: {filter} — {count} approvals — {time}",
    { filter, count: number(page.count), time: stamp(new Date().toISOString()) },
  );
}

function emptyText() {
  const { lost, missing } = store.ledger("approval");
  if (lost) return t("APPROVALS.md cannot be read; the ledger page says why.");
  return missing
    ? t("There is no APPROVALS.md in STATE.")
    : t("Nobody has asked for an approval yet.");
}

function showPages(place, { page, pages, count }) {
  place.hidden = pages < 2;
  const go = (to) => () => query.set({ page: to > 1 ? String(to) : null });
  fill(
    place,
    h(
      "button",
      { type: "button", class: "btn btn-small", disabled: page <= 1, onclick: go(page - 1) },
      t("Previous"),
    ),
    h("span", {}, t("Page {page} of {pages} ({count})", { page, pages, count: number(count) })),
    h(
      "button",
      { type: "button", class: "btn btn-small", disabled: page >= pages, onclick: go(page + 1) },
      t("Next"),
    ),
  );
}

function wireFilters(root, draw) {
  const status = root.querySelector("#approvals-status");
  const text = root.querySelector("#approvals-search");
  const read = () => {
    status.value = query.get("status") || "";
    if (document.activeElement !== text) text.value = query.get("q") || "";
    draw();
  };
  status.addEventListener("change", () => query.set({ status: status.value || null, page: null }));
  text.addEventListener("input", () => query.set({ q: text.value.trim() || null, page: null }));
  query.onChange(read);
  status.value = query.get("status") || "";
  text.value = query.get("q") || "";
}

function wirePrint(set) {
  addEventListener("beforeprint", () => set(true));
  addEventListener("afterprint", () => set(false));
}
