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

// Resolves to null when the change was made, else to the reason why not.
async function send(path, body, headers) {
  try {
    const response = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    if (answer.warning) note(answer.warning, true);
    return answer.success ? null : answer.error || `${texts.failed} (${response.status})`;
  } catch {
    return texts.unreachable;
  }
}

async function reload() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("live");
    if (!fresh) return note(texts.failed, true);
    const focused = describeFocus();
    live.replaceChildren(...fresh.childNodes);
    if (focused) (live.querySelector(focused) || document.getElementById("main")).focus();
    showConnection(true);
  } catch {
    showConnection(false);
  }
}

// The focus would be lost when its row is replaced: name the row's first button instead.
function describeFocus() {
  const row = live.contains(document.activeElement) && document.activeElement.closest("tr");
  if (!row) return null;
  const name = row.dataset.taskId === undefined ? "appr-id" : "task-id";
  return `tr[data-${name}="${CSS.escape(row.getAttribute("data-" + name))}"] button`;
}

async function setStatus(button) {
  // Not `disabled`: that would drop the keyboard's focus.
  if (button.getAttribute("aria-disabled")) return;
  button.setAttribute("aria-disabled", "true");
  const row = button.closest("tr");
  const body = { task_id: row.dataset.taskId, expected_rev: row.dataset.rev };
  const why = await send(`/api/tasks/${button.dataset.verb}`, body);
  button.removeAttribute("aria-disabled");
  note(why ? `${row.dataset.taskId}: ${why}` : texts.task, Boolean(why));
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
  // One key per opening: sending the same form twice creates one task.
  dialog.dataset.key = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
  showFormError(dialog, null);
  dialog.showModal();
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
  const why = await request(Object.fromEntries(new FormData(form)), dialog);
  submit.disabled = false;
  showFormError(dialog, why);
  if (why) return;
  form.reset();
  dialog.close();
  note(message, false);
  await reload();
}

function sendCreation(fields, dialog) {
  return send("/api/task/create", fields, { "Idempotency-Key": dialog.dataset.key });
}

function sendDecision(fields) {
  return send(`/api/approval/${encodeURIComponent(deciding.id)}/update`, {
    status: deciding.status,
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
    const seen = response.ok ? (await response.json()).system_status.last_updated : null;
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
