// The pages' buttons: every change is one JSON request; the list is then read again.
"use strict";

const POLL_MS = 10000;
const NOTE_MS = 6000;
const base = document.body.dataset.base;
const texts = document.getElementById("notification-area").dataset;
const live = document.getElementById("live");
const connection = document.getElementById("connection-status");
let lastSeen = null;
let deciding = null;

function note(message, bad) {
  const box = document.createElement("div");
  box.className = bad ? "note bad" : "note";
  const text = document.createElement("span");
  text.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", texts.close);
  close.addEventListener("click", () => box.remove());
  box.append(text, close);
  document.getElementById("notification-area").append(box);
  // An error stays until it is read.
  if (!bad) setTimeout(() => box.remove(), NOTE_MS);
}

function showConnection(on) {
  connection.textContent = on ? connection.dataset.on : connection.dataset.off;
  connection.classList.toggle("on", on);
  connection.classList.toggle("off", !on);
}

// Resolves to null when the change was made, else to why not and whether that is certain.
async function send(path, body, headers) {
  try {
    const response = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    if (answer.warning) note(answer.warning, true);
    return answer.success ? null : { why: explain(response, answer), refused: "error" in answer };
  } catch {
    return { why: texts.unreachable, refused: false };
  }
}

function explain(response, answer) {
  if (answer.present) return texts.conflict;
  if (response.status === 503) return texts.busy;
  return `${texts.failed}: ${answer.error || response.status}`;
}

async function reload() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("live");
    if (!fresh) return note(texts.failed, true);
    const focused = describeFocus();
    const unfolded = live.querySelector("details[open]");
    live.replaceChildren(...fresh.childNodes);
    if (unfolded) live.querySelectorAll("details").forEach((one) => (one.open = true));
    if (focused) restoreFocus(focused);
    showConnection(true);
  } catch {
    showConnection(false);
  }
}

// The focus would be lost when its element is replaced: name the element and its row instead.
function describeFocus() {
  const active = document.activeElement;
  if (!live.contains(active)) return null;
  const row = active.closest("tr");
  const name = row && (row.dataset.taskId === undefined ? "data-appr-id" : "data-task-id");
  const place = row ? `tr[${name}="${CSS.escape(row.getAttribute(name))}"]` : "";
  const sign = ["data-verb", "data-decide", "href"].find((known) => active.hasAttribute(known));
  const value = sign && CSS.escape(active.getAttribute(sign));
  return { same: `${place} ${sign ? `[${sign}="${value}"]` : active.tagName}`, place };
}

// Never another button: the next key press would do what nobody asked for.
function restoreFocus({ same, place }) {
  const found = live.querySelector(same) || (place && live.querySelector(place));
  const target = found || document.getElementById("main");
  if (target.tagName === "TR") target.tabIndex = -1;
  target.focus();
}

async function setStatus(button) {
  // Not `disabled`: that would drop the keyboard's focus.
  if (button.getAttribute("aria-disabled")) return;
  const row = button.closest("tr");
  const question = texts.drop.replace("{id}", () => row.dataset.taskId);
  if (button.dataset.verb === "drop" && !confirm(question)) return;
  button.setAttribute("aria-disabled", "true");
  const body = { task_id: row.dataset.taskId, expected_rev: row.dataset.rev };
  const failure = await send(`/api/tasks/${button.dataset.verb}`, body);
  button.removeAttribute("aria-disabled");
  note(failure ? `${row.dataset.taskId}: ${failure.why}` : texts.task, Boolean(failure));
  await reload();
}

function openDecision(button) {
  const row = button.closest("tr");
  const dialog = document.getElementById("decideModal");
  const submit = dialog.querySelector("[type=submit]");
  deciding = { id: row.dataset.apprId, rev: row.dataset.rev, status: button.dataset.decide };
  document.getElementById("decideForm").reset();
  showFormError(dialog, null);
  document.getElementById("decideWhat").textContent =
    `${deciding.id}: ${row.querySelector(".title").textContent}`;
  submit.textContent = submit.dataset[deciding.status];
  dialog.showModal();
}

function openCreation() {
  const dialog = document.getElementById("createTaskModal");
  renewKey(dialog);
  showFormError(dialog, null);
  dialog.showModal();
}

// Sending a form again under its key creates one task; a refused form is changed and sent anew.
function renewKey(dialog) {
  dialog.dataset.key = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
}

function showFormError(dialog, why) {
  const place = dialog.querySelector(".form-error");
  place.textContent = why || "";
  place.hidden = !why;
}

// The form keeps its input until the server has taken it.
async function submitForm(event, message, request) {
  event.preventDefault();
  const form = event.target;
  const dialog = form.closest("dialog");
  const submit = form.querySelector("[type=submit]");
  submit.disabled = true;
  const failure = await request(Object.fromEntries(new FormData(form)), dialog);
  submit.disabled = false;
  showFormError(dialog, failure && failure.why);
  if (!failure) {
    form.reset();
    dialog.close();
    note(message, false);
  }
  await reload();
}

async function sendCreation(fields, dialog) {
  const headers = { "Idempotency-Key": dialog.dataset.key };
  const failure = await send("/api/task/create", fields, headers);
  if (failure && failure.refused) renewKey(dialog);
  return failure;
}

// The id travels in the body: one with a slash fits into no URL.
function sendDecision(fields) {
  return send(`/api/approvals/${deciding.status === "approved" ? "approve" : "reject"}`, {
    appr_id: deciding.id,
    approver: fields.approver,
    approver_role: fields.approver,
    comment: fields.comment,
    expected_rev: deciding.rev,
  });
}

// The list is read again only when the server has seen a change.
async function poll() {
  try {
    const response = await fetch(base + "/api/overview");
    const answer = await response.json();
    // A ledger that becomes unreadable, or readable again, is a change too.
    const seen = response.ok ? answer.system_status.last_updated : answer.error;
    showConnection(true);
    if (lastSeen !== null && seen !== lastSeen) await reload();
    lastSeen = seen;
  } catch {
    showConnection(false);
  }
}

live.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && button.dataset.verb) setStatus(button);
  if (button && button.dataset.decide) openDecision(button);
});
for (const close of document.querySelectorAll("[data-close]")) {
  close.addEventListener("click", () => close.closest("dialog").close());
}
document.getElementById("refresh-btn").addEventListener("click", reload);
document.getElementById("new-task-btn").addEventListener("click", openCreation);
document.getElementById("createTaskForm").addEventListener("submit", (event) =>
  submitForm(event, texts.create, sendCreation),
);
document.getElementById("decideForm").addEventListener("submit", (event) =>
  submitForm(event, texts.approval, sendDecision),
);
poll();
setInterval(poll, POLL_MS);
