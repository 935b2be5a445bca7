/** Requests to the server: JSON, files and event streams, with the key, and errors in plain words. */

import { sentence } from "./format.js";
import { readKey } from "./key.js";

/** An answer of the server that says why it has no result, or no answer at all. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 if the server did not answer */
  constructor(message, status) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Whether an error says only that the page stopped waiting. @param {unknown} error */
export function isAborted(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @template T
 * @param {string} path below the address of the page
 * @returns {Promise<T>}
 */
export async function get(path) {
  return (await request(path, {})).json();
}

/**
 * @template T
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export async function post(path, body, signal) {
  return (await send(path, body, signal)).json();
}

/**
 * Sends a form with a file.
 * @param {string} path
 * @param {FormData} form
 * @param {AbortSignal} [signal]
 */
export function upload(path, form, signal) {
  return request(path, { method: "POST", body: form, signal });
}

/**
 * The events of a stream, until it ends or the signal aborts it.
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<any>}
 */
export async function* stream(path, body, signal) {
  const response = await send(path, body, signal);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split(/\r?\n\r?\n/);
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      const text = data.map((line) => line.slice(5).trimStart()).join("\n");
      if (text === "[DONE]") return;
      if (text === "") continue;
      const parsed = JSON.parse(text);
      if (parsed.error) throw new ApiError(plain(parsed.error, "The server stopped with an error."), 200);
      yield parsed;
    }
  }
}

/** @param {string} path @param {object} body @param {AbortSignal} [signal] */
function send(path, body, signal) {
  const headers = { "content-type": "application/json" };
  return request(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

/** @param {string} path @param {RequestInit} options */
async function request(path, options) {
  const headers = new Headers(options.headers);
  const key = readKey();
  if (key) headers.set("authorization", `Bearer ${key}`);
  let response;
  try {
    response = await fetch(new URL(path, document.baseURI), { ...options, headers });
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError("The server does not answer. Check that `crosshead serve` is still running.", 0);
  }
  if (response.ok) return response;
  throw new ApiError(await reason(response), response.status);
}

/** Why a request failed. @param {Response} response */
async function reason(response) {
  const { status } = response;
  if (status === 401 || status === 403) document.dispatchEvent(new CustomEvent("crosshead:key"));
  const wait = Number(response.headers.get("retry-after"));
  const text = await response.text().catch(() => "");
  let sent = "";
  try {
    sent = plain(JSON.parse(text).error, "");
  } catch {
    // Not from the server itself, but from a proxy.
  }
  if (sent) return sent;
  if (status === 401) return "This server requires a key. Enter it with the button at the top of the page.";
  if (status === 413) return "The text or file is larger than this server accepts.";
  if (status === 429) return `The server is busy. Try again ${wait > 0 ? `in ${wait} s` : "in a moment"}.`;
  return `The server answered with the error ${status}.`;
}

/** The message in an error, which may be an object. @param {any} error @param {string} otherwise */
function plain(error, otherwise) {
  const message = typeof error === "string" ? error : error?.message;
  return typeof message === "string" && message !== "" ? sentence(message) : otherwise;
}
