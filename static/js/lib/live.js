// @ts-check
// Live events: Socket.IO first, the event stream where that does not get through; each event once.

import { url } from "./api.js";
import { makeSequence } from "./sequence.js";
import { vendor } from "./vendor.js";

// After so many failed tries of the socket the stream is opened beside it.
const PATIENCE = 2;
const NAMED = [
  "task_updated", "approval_updated", "milestone_updated", "ledger_changed", "reset",
  "dispatcher_started", "dispatcher_stopped", "task_dispatched", "job_log", "job_finished",
  "lease_expired", "job_decided",
];

/** @type {Map<string, Set<(data: any) => void>>} */
const listeners = new Map();
/** @type {Set<(state: string) => void>} */
const watchers = new Set();
const sequence = makeSequence();
/** @typedef {"connecting" | "socket" | "stream" | "offline"} State */
/** @type {State} */
let state = "connecting";
/** @type {any} */
let socket = null;
/** @type {EventSource | null} */
let stream = null;
let failures = 0;

export const live = {
  /** How we are connected: "connecting", "socket", "stream" or "offline". */
  get state() {
    return state;
  },

  /** Call `tell(data)` for every event of a name; returns a function that ends it. @param {string} name @param {(data: any) => void} tell */
  on(name, tell) {
    const told = listeners.get(name) || new Set();
    listeners.set(name, told.add(tell));
    if (stream && !NAMED.includes(name)) follow(stream, name);
    return () => told.delete(tell);
  },

  /** Call `tell(state)` now and whenever the state changes. @param {(state: string) => void} tell */
  onState(tell) {
    watchers.add(tell);
    tell(state);
    return () => watchers.delete(tell);
  },

  /** Ask the server for something by Socket.IO. @param {string} name @param {any} [data] */
  emit(name, data) {
    if (socket?.connected) socket.emit(name, data ?? {});
  },

  /** The number of the newest event heard; null: none, so that nothing can be replayed. */
  get cursor() {
    return sequence.cursor;
  },

  /** Connect; `main.js` does so once. */
  start() {
    vendor("socket.io").then(openSocket, openStream);
  },
};

/** @param {(origin: string, options: object) => any} io */
function openSocket(io) {
  socket = io(location.origin, {
    path: `${url("/socket.io")}/`,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    auth: (/** @type {(data: object) => void} */ give) => give(sequence.cursor === null ? {} : { since: sequence.cursor }),
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
  });
  socket.on("connect", onSocket);
  socket.on("disconnect", () => change(stream ? "stream" : "offline"));
  socket.on("connect_error", onFailure);
  socket.onAny(receive);
}

function onSocket() {
  failures = 0;
  stream?.close();
  stream = null;
  change("socket");
}

function onFailure() {
  failures += 1;
  if (!stream && failures >= PATIENCE) openStream();
}

function openStream() {
  const cursor = sequence.cursor === null ? "" : `?last_event_id=${sequence.cursor}`;
  const opened = new EventSource(url(`/events${cursor}`));
  stream = opened;
  opened.addEventListener("open", () => change("stream"));
  opened.addEventListener("error", () => onStreamError(opened));
  opened.addEventListener("message", (event) => receive("heartbeat", JSON.parse(event.data)));
  for (const name of new Set([...NAMED, ...listeners.keys()])) follow(opened, name);
}

/** @param {EventSource} opened */
function onStreamError(opened) {
  if (opened !== stream) return;
  change("offline");
  if (opened.readyState !== EventSource.CLOSED) return;
  // A refusal ends the browser's own retries: the next failure of the socket opens a new one.
  stream = null;
  if (!socket) setTimeout(() => stream || openStream(), 5000);
}

/** @param {EventSource} opened @param {string} name */
function follow(opened, name) {
  opened.addEventListener(name, (event) => {
    // Connection errors have the name "error" too, but no data.
    const data = /** @type {MessageEvent} */ (event).data;
    if (typeof data === "string" && opened === stream) receive(name, JSON.parse(data));
  });
}

/** @param {string} name @param {any} data */
function receive(name, data) {
  if (!sequence.isNews(name, data)) return;
  listeners.get(name)?.forEach((tell) => tell(data));
}

/** @param {State} now */
function change(now) {
  if (now === state) return;
  state = now;
  watchers.forEach((tell) => tell(now));
}
