// The only door to the server. Every answer that is no success becomes a Problem in plain words.

import { text } from "/web/strings.js";

/** @import { Pictured } from "types/page" */
/** @import { Answer, Problem as Said, Question } from "types/shapes" */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Query */

const AGAIN_MS = 2000;

/** What the server, or the lack of one, said. */
export class Problem extends Error {
  /**
   * @param {number} status of HTTP; 0 where there was no answer
   * @param {string} code
   * @param {string} detail
   * @param {string} [hint]
   */
  constructor(status, code, detail, hint = "") {
    super(detail);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.hint = hint;
  }

  /** What is wrong and what to do, for people; so `String()` has words for whatever was thrown. */
  toString() {
    return [this.detail, this.hint].filter(Boolean).join(" ");
  }
}

/** @type {(problem: Problem, began: number) => void} */
let refused = () => undefined;

/**
 * Be told of the Problem, and when it was asked, whenever the server wants to know who asks.
 * @param {typeof refused} listener
 */
export function onRefused(listener) {
  refused = listener;
}

/** Dispatches "lost" and "found" as the server stops and starts answering. */
export const connection = new EventTarget();
let reachable = true;

/**
 * What the path answers, by the server's own description; throws a Problem.
 * @template {string} Path
 * @param {Path} path
 * @param {Query} [query]
 * @param {AbortSignal} [signal]
 */
export async function get(path, query = {}, signal = undefined) {
  const { value } = await ask("GET", path + asQuery(query), { signal });
  return /** @type {Answer<`GET ${Path}`>} */ (value);
}

/**
 * What is answered to this; throws a Problem.
 * @template {string} Method
 * @template {string} Path
 * @param {Method} method
 * @param {Path} path
 * @param {Question<`${Method} ${Path}`>} [body]
 * @param {Record<string, string>} [headers]
 */
export async function send(method, path, body = undefined, headers = {}) {
  return (await ask(method, path, { body, headers })).value;
}

/**
 * Where the picture of {id} lies; with its `version` or sha256 it may be kept for good, without it is asked for anew.
 * @param {Pictured} frame
 * @param {number | null} [width] in px
 */
export const image = ({ id, version, sha256 }, width = null) => `/api/frames/${id}/image${asQuery({ width, version: version ?? versionOf(sha256) })}`;

/** @param {string} [sha256] */
export const versionOf = (sha256) => sha256?.slice(0, 12) ?? null;

/** @param {number} sourceId */
export const video = (sourceId) => `/api/sources/${sourceId}/video`;

/**
 * Query text; parameters that are null or empty are left out.
 * @param {Query} parameters
 */
export function asQuery(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const asked = query.toString();
  return asked && `?${asked}`;
}

/**
 * The Problem in the body of an answer, or one made from its status.
 * @param {number} status
 * @param {string} answer
 */
export function problemOf(status, answer) {
  try {
    /** @type {Partial<Said>} */
    const body = JSON.parse(answer);
    if (body.detail) return new Problem(status, body.code ?? "error", String(body.detail), body.hint ?? "");
  } catch {
    // Not JSON: a proxy answered, or nobody.
  }
  return new Problem(status, "error", text.connection.answered(status));
}

/**
 * {value, etag} of an answer; throws a Problem, or an AbortError where `signal` said so.
 * @template {string} Method
 * @template {string} Path
 * @param {Method} method
 * @param {Path} path
 * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} [how]
 * @returns {Promise<{ value: Answer<`${Method} ${Path}`>, etag: string | null }>}
 */
export async function ask(method, path, { body, headers: more = {}, signal } = {}) {
  const began = performance.now();
  const headers = body === undefined ? more : { "Content-Type": "application/json", ...more };
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (aborted(error)) throw error;
    lost();
    throw new Problem(0, "unreachable", text.connection.unreachable);
  }
  found();
  if (!answer.ok) {
    const problem = problemOf(answer.status, await answer.text());
    if (problem.status === 401 && path !== "/api/session") refused(problem, began);
    throw problem;
  }
  return { value: answer.status === 204 ? null : await answer.json(), etag: answer.headers.get("ETag") };
}

/**
 * Whether what was thrown says only that nobody waits for the answer any more.
 * @param {unknown} thrown
 */
export const aborted = (thrown) => thrown instanceof DOMException && thrown.name === "AbortError";

/** Say that the server is gone, and look for it until it is back. */
export function lost() {
  if (!reachable) return;
  reachable = false;
  connection.dispatchEvent(new Event("lost"));
  look();
}

function look() {
  setTimeout(async () => {
    const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
    if (answer?.ok) found();
    else look();
  }, AGAIN_MS);
}

function found() {
  if (reachable) return;
  reachable = true;
  connection.dispatchEvent(new Event("found"));
}
