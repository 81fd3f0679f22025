// @ts-check
// The agents' routes; they may want a token of their own (config/agents_api.json).
import { ApiError, url } from "../lib/api.js";

/** Told when the registry changed here. */
export const CHANGED = "orch:agents";
let token = "";

/** Use an access token from now on. @param {string} text */
export function useToken(text) {
  token = text;
}

/** Read an agents' route, or send `body` to it; throws `ApiError`. @param {string} path @param {object} [body] */
export async function call(path, body) {
  /** @type {Record<string, string>} */
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body) headers["Content-Type"] = "application/json";
  const options = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) };
  const response = await fetch(url(path), options).catch((error) => {
    throw new ApiError(0, String(error.message), null, null);
  });
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  const why = answer && [answer.error, answer.detail].filter(Boolean).join(": ");
  throw new ApiError(response.status, why || `${response.status} ${response.statusText}`, answer, null);
}
