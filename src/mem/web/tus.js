// One file on its way up by tus 1.0.0: it goes on where it was after a lost connection, a pause, or when
// the same file is chosen again after the page was closed.

import { Problem, connection, get, lost, problemOf } from "/web/api.js";
import { text } from "/web/strings.js";

/** @import { Source } from "types/page" */
/** @import { Job } from "types/shapes" */

const AGAIN_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000];
// No connection, too slow, another offset, another sender, too many at once, damaged on the way, a proxy without a server.
const PASSING = [0, 408, 409, 423, 429, 460, 502, 504];
const GONE = [404, 410, 412];
const REMEMBERED_MS = 7 * 86400e3;
const PREFIX = "mem.upload.";

/** @typedef {{ location?: string, started_at?: string | null }} Facts */
/** @typedef {{ from?: number, sent?: number, broken?: boolean }} News bytes, and whether the connection broke */
/** @typedef {{ job: Job, source?: undefined } | { source: Source, job?: undefined }} Became */

/** Sends `file` with its facts; `tell` hears {from}, {sent} in bytes and {broken: true or false}. */
export class Transfer {
  /** @type {XMLHttpRequest | null} */
  #request = null;
  #stopped = false;
  /** @type {() => void} */
  #wake = () => undefined;

  /**
   * @param {File} file
   * @param {Facts} facts
   * @param {(news: News) => void} tell
   */
  constructor(file, facts, tell) {
    this.file = file;
    this.facts = facts;
    this.tell = tell;
    this.key = `${PREFIX}${JSON.stringify([file.name, file.size, file.lastModified, facts.location ?? "", facts.started_at ?? ""])}`;
  }

  /**
   * {job} or {source} that the file became, null when stopped; throws a Problem that would not pass by itself.
   * @returns {Promise<Became | null>}
   */
  async run() {
    for (let failures = 0; !this.#stopped; failures += 1) {
      try {
        return await this.#once(() => (failures = 0));
      } catch (problem) {
        if (this.#stopped) break;
        if (!(problem instanceof Problem && PASSING.includes(problem.status))) throw problem;
        this.tell({ broken: true });
        await this.#rest(AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
      }
    }
    return null;
  }

  /** Stop sending; what arrived is kept. */
  stop() {
    this.#stopped = true;
    this.#request?.abort();
    this.#wake();
  }

  /** Stop sending and drop what arrived. */
  async drop() {
    this.stop();
    const address = recall(this.key);
    forget(this.key);
    if (!address) return;
    for (const wait of AGAIN_MS.slice(0, 4)) {
      const answer = await fetch(address, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }).catch(() => null);
      if (answer?.status !== 423) return;
      await new Promise((done) => setTimeout(done, wait)); // the server has not seen yet that the sender went away
    }
  }

  /** @param {() => void} moved */
  async #once(moved) {
    const { address, answer } = await this.#begun();
    const offset = Number(answer.getResponseHeader("Upload-Offset") ?? 0);
    this.tell({ broken: false, from: offset, sent: offset });
    let last = answer;
    if (offset < this.file.size) {
      const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset };
      last = await this.#ask("PATCH", address, headers, this.file.slice(offset), (sent) => {
        moved();
        this.tell({ sent: offset + sent });
      });
    }
    const became = await outcome(last);
    forget(this.key);
    return became;
  }

  /** The upload at the server, which may have some of the file already. */
  async #begun() {
    const known = recall(this.key);
    if (known) {
      try {
        return { address: known, answer: await this.#ask("HEAD", known) };
      } catch (problem) {
        if (!(problem instanceof Problem && GONE.includes(problem.status))) throw problem;
        forget(this.key);
      }
    }
    const answer = await this.#ask("POST", "/api/uploads", { "Upload-Length": this.file.size, "Upload-Metadata": this.#metadata() });
    const address = new URL(answer.getResponseHeader("Location") ?? "", location.href).pathname;
    remember(this.key, address);
    return { address, answer };
  }

  #metadata() {
    const { name, type, lastModified } = this.file;
    const facts = { filename: name, filetype: type, modified_at: new Date(lastModified).toISOString(), ...this.facts };
    return Object.entries(facts).filter(([, value]) => value).map(([key, value]) => `${key} ${base64(String(value))}`).join(",");
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ [name: string]: string | number }} [headers]
   * @param {Blob | null} [body]
   * @param {((sent: number) => void) | null} [progress]
   * @returns {Promise<XMLHttpRequest>}
   */
  #ask(method, path, headers = {}, body = null, progress = null) {
    return new Promise((answered, failed) => {
      const request = new XMLHttpRequest();
      this.#request = request;
      if (progress) request.upload.addEventListener("progress", (event) => progress(event.loaded));
      request.addEventListener("load", () => {
        if (request.status < 300) answered(request);
        else failed(problemOf(request.status, request.responseText));
      });
      request.addEventListener("error", () => {
        lost();
        failed(new Problem(0, "unreachable", text.connection.broke));
      });
      request.addEventListener("abort", () => failed(new Problem(0, "stopped", text.connection.stopped)));
      request.open(method, path);
      request.setRequestHeader("Tus-Resumable", "1.0.0");
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, String(value));
      request.send(body);
    });
  }

  /**
   * @param {number} milliseconds
   * @returns {Promise<void>}
   */
  #rest(milliseconds) {
    return new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
      connection.addEventListener("found", this.#wake, { once: true });
    });
  }
}

/**
 * What the answer to the last piece names.
 * @param {XMLHttpRequest} answer
 * @returns {Promise<Became>}
 */
async function outcome(answer) {
  const [job, source] = ["Mem-Job", "Mem-Source"].map((name) => answer.getResponseHeader(name));
  if (job) return { job: /** @type {Job} */ (await get(job)) };
  if (source) return { source: /** @type {Source} */ (await get(source)) };
  throw new Problem(0, "unfinished", text.connection.unfinished);
}

/** @param {string} text */
function base64(text) {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

// Where uploads that were begun lie at the server. Without a store, as in some private windows, an upload
// cannot go on after the page was closed; all else works.

/** @type {Map<string, string>} */
const held = new Map();

/**
 * @param {string} key
 * @param {string} address
 */
function remember(key, address) {
  held.set(key, address);
  try {
    for (const old of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
      if (!(JSON.parse(localStorage[old]).at > Date.now() - REMEMBERED_MS)) localStorage.removeItem(old);
    }
    localStorage.setItem(key, JSON.stringify({ address, at: Date.now() }));
  } catch {
    // Held in this page alone.
  }
}

/**
 * @param {string} key
 * @returns {string | null}
 */
function recall(key) {
  try {
    return held.get(key) ?? JSON.parse(localStorage.getItem(key) ?? "null")?.address ?? null;
  } catch {
    return null;
  }
}

/** @param {string} key */
function forget(key) {
  held.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}
