// The only door to the server. Every answer that is no success becomes a Problem in plain words.

const AGAIN_MS = 2000;

/** What the server, or the lack of one, said. */
export class Problem extends Error {
  constructor(status, code, detail, hint = "") {
    super(detail);
    Object.assign(this, { status, code, detail, hint });
  }
}

/** Dispatches "lost" and "found" as the server stops and starts answering. */
export const connection = new EventTarget();
let reachable = true;

export function get(path, query = {}, signal = undefined) {
  return ask("GET", path + asQuery(query), undefined, signal);
}

export function send(method, path, body = undefined) {
  return ask(method, path, body);
}

export const image = (frameId, width = 0) => `/api/frames/${frameId}/image${width ? `?width=${width}` : ""}`;
export const video = (sourceId) => `/api/sources/${sourceId}/video`;

/** Query text; parameters that are null or empty are left out. */
export function asQuery(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return text && `?${text}`;
}

/** The Problem in the body of an answer, or one made from its status. */
export function problemOf(status, text) {
  try {
    const body = JSON.parse(text);
    if (body.detail) return new Problem(status, body.code ?? "error", String(body.detail), body.hint ?? "");
  } catch {
    // Not JSON: a proxy answered, or nobody.
  }
  return new Problem(status, "error", `The server answered ${status}.`);
}

async function ask(method, path, body, signal) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    lost();
    throw new Problem(0, "unreachable", "Mem is not answering.");
  }
  found();
  if (!answer.ok) throw problemOf(answer.status, await answer.text());
  return answer.status === 204 ? null : answer.json();
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
