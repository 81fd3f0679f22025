// @ts-check
// The server's JSON routes: one way to ask, one kind of error.

import { base } from "./page.js";

/** Why a request was refused; `body` is the answer, `status` 0 means that nobody answered. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {any} body
   * @param {number | null} retryAfter seconds
   */
  constructor(status, message, body, retryAfter) {
    super(message);
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }
}

/** Return a path of this site below its URL prefix. @param {string} path */
export const url = (path) => base + path;

/** Return the page of a task. @param {string} id */
export const taskUrl = (id) => url(`/tasks/${encodeURIComponent(id)}`);

/** Ask for JSON; throws `ApiError`. @param {string} path @returns {Promise<any>} */
export const get = (path) => send(path, { headers: { Accept: "application/json" } });

/**
 * Send a JSON object; `key` makes sending it again safe. Throws `ApiError`.
 * @param {string} path
 * @param {object} body
 * @param {{key?: string}} [options]
 * @returns {Promise<any>}
 */
export function post(path, body, { key } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  return send(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** @param {string} path @param {RequestInit} options */
async function send(path, options) {
  const response = await fetch(url(path), options).catch((error) => {
    throw new ApiError(0, String(error.message || error), null, null);
  });
  const text = await response.text();
  const body = parse(text);
  if (response.ok && body !== undefined && body?.success !== false) return body;
  // The session has ended: the frame tells it once, wherever the answer was wanted.
  if (response.status === 401) document.dispatchEvent(new CustomEvent("orch:unauthorized"));
  const wait = Number(response.headers.get("Retry-After"));
  throw new ApiError(response.status, reason(response, body), body ?? null, wait || null);
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {Response} response @param {any} body */
function reason(response, body) {
  const told = body && (body.error || body.message || body.detail);
  return String(told || `${response.status} ${response.statusText}`);
}
