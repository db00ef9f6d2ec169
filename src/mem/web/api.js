// The only door to the server. Every answer that is no success becomes a Problem in plain words.

import { text } from "/web/strings.js";

const AGAIN_MS = 2000;

/** What the server, or the lack of one, said. */
export class Problem extends Error {
  constructor(status, code, detail, hint = "") {
    super(detail);
    Object.assign(this, { status, code, detail, hint });
  }
}

let refused = () => undefined;

/** Be told of the Problem, and when it was asked, whenever the server wants to know who asks. */
export function onRefused(listener) {
  refused = listener;
}

/** Dispatches "lost" and "found" as the server stops and starts answering. */
export const connection = new EventTarget();
let reachable = true;

export async function get(path, query = {}, signal = undefined) {
  return (await ask("GET", path + asQuery(query), { signal })).value;
}

export async function send(method, path, body = undefined, headers = {}) {
  return (await ask(method, path, { body, headers })).value;
}

/** Where the picture of {id} lies; with its `version` or sha256 it may be kept for good, without it is asked for anew. */
export const image = ({ id, version, sha256 }, width = null) => `/api/frames/${id}/image${asQuery({ width, version: version ?? versionOf(sha256) })}`;
export const versionOf = (sha256) => sha256?.slice(0, 12) ?? null;
export const video = (sourceId) => `/api/sources/${sourceId}/video`;

/** Query text; parameters that are null or empty are left out. */
export function asQuery(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const asked = query.toString();
  return asked && `?${asked}`;
}

/** The Problem in the body of an answer, or one made from its status. */
export function problemOf(status, answer) {
  try {
    const body = JSON.parse(answer);
    if (body.detail) return new Problem(status, body.code ?? "error", String(body.detail), body.hint ?? "");
  } catch {
    // Not JSON: a proxy answered, or nobody.
  }
  return new Problem(status, "error", text.connection.answered(status));
}

/** {value, etag} of an answer. */
export async function ask(method, path, { body, headers: more = {}, signal } = {}) {
  const began = performance.now();
  const headers = body === undefined ? more : { "Content-Type": "application/json", ...more };
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
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
