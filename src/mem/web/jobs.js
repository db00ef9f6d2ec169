// The work that goes on at the server, kept up to date by its event stream.

import { get, send } from "/web/api.js";
import { paced } from "/web/dom.js";

/** @import { Job } from "types/shapes" */

const TYPES = ["queued", "claimed", "progress", "done", "partial", "failed", "retrying", "cancelled", "released", "recovered"];
const SHOWN = 100;
const FIRST = 9; // the highest priority there is
const AGAIN_MS = 3000;
const LEAST_MS = 1000; // that is told of what is left
export const ACTIVE = ["queued", "running", "retrying"];

/** @typedef {{ source: number, ended: boolean }} Recorded */

/** Dispatches "change", and "recorded" (detail: Recorded) when a recording has grown or is finished. */
export class Jobs extends EventTarget {
  /** @type {Map<number, Job>} */
  all = new Map();
  /** @type {Set<number>} */
  #changed = new Set();
  #turn = 0; // counts questions and events, so that of two words on a job the one asked for later stands
  /** @type {Map<number, number>} */
  #told = new Map();
  /** @type {Map<number, { at: number, progress: number }>} */
  #began = new Map();
  /** @type {EventSource | null} */
  #stream = null;

  constructor() {
    super();
    this.later = paced(() => this.#catchUp(), 150);
  }

  /** Learn of the newest jobs and listen for what happens to them. */
  async start() {
    await this.load();
    this.#listen();
  }

  async load() {
    const turn = (this.#turn += 1);
    const { jobs } = await get("/api/jobs", { limit: SHOWN });
    for (const job of jobs) this.#take(job, turn);
    this.dispatchEvent(new Event("change"));
  }

  /** Newest first. */
  list() {
    return [...this.all.values()].sort((a, b) => b.id - a.id).slice(0, SHOWN);
  }

  /** Those that are waiting or worked on. */
  active() {
    return this.list().filter((job) => ACTIVE.includes(job.state));
  }

  /**
   * Milliseconds until a running job ends, by how it went while this page watched; null when unknown.
   * @param {Job} job
   */
  left(job) {
    if (job.state !== "running" || job.progress <= 0 || job.progress >= 1) return null;
    const seen = this.#began.get(job.id);
    const watched = seen && performance.now() - seen.at > 4000 && job.progress > seen.progress + 0.01;
    const [since, done] = watched ? [performance.now() - seen.at, job.progress - seen.progress]
      : [Date.now() - Date.parse(job.started_at ?? job.created_at), job.progress];
    return Math.max(LEAST_MS, ((1 - job.progress) * since) / done);
  }

  /** Milliseconds until nothing waits any more, if those that wait take as long as those at work; null where none is. */
  allLeft() {
    const active = this.active();
    const running = active.filter((job) => job.state === "running");
    const known = running.map((job) => ({ job, left: this.left(job) ?? 0 })).filter(({ left }) => left > 0);
    if (!known.length) return null;
    const mean = known.reduce((sum, { job, left }) => sum + left / (1 - job.progress), 0) / known.length;
    return Math.max(...known.map(({ left }) => left)) + ((active.length - running.length) * mean) / running.length;
  }

  /** @param {number} id */
  async cancel(id) {
    await this.#ask(() => send("POST", `/api/jobs/${id}/cancel`));
  }

  /**
   * Queue it again; with `skip` without the part at which its work ended several times.
   * @param {number} id
   * @param {boolean} [skip]
   */
  async retry(id, skip = false) {
    await this.#ask(() => send("POST", `/api/jobs/${id}/retry`, skip ? { skip: true } : undefined));
  }

  /**
   * Give it the highest priority of those that wait.
   * @param {number} id
   */
  async sooner(id) {
    await this.#ask(() => send("POST", `/api/jobs/${id}/priority`, { priority: FIRST }));
  }

  /** Queue again all that failed for a reason that may have passed; gives how many. */
  async retryAll() {
    const { queued } = await send("POST", "/api/jobs/retry");
    await this.load();
    return queued.length;
  }

  /**
   * A new job; one that is known already is told of by its events.
   * @param {Job} job
   */
  add(job) {
    if (this.all.has(job.id)) return;
    this.#take(job, (this.#turn += 1));
    this.dispatchEvent(new Event("change"));
  }

  /** @param {() => Promise<Job>} question */
  async #ask(question) {
    const turn = (this.#turn += 1);
    this.#take(await question(), turn);
    this.dispatchEvent(new Event("change"));
  }

  /**
   * @param {Job} job
   * @param {number} turn
   */
  #take(job, turn) {
    if ((this.#told.get(job.id) ?? 0) > turn) return; // something newer is known
    this.#told.set(job.id, turn);
    const before = this.all.get(job.id);
    this.all.set(job.id, job);
    if (job.state !== "running") this.#began.delete(job.id);
    else if (!this.#began.has(job.id)) this.#began.set(job.id, { at: performance.now(), progress: job.progress });
    const ended = before && ACTIVE.includes(before.state) && !ACTIVE.includes(job.state);
    const grown = before && job.state === "running" && (job.progress !== before.progress || job.source_id !== before.source_id);
    if (job.source_id !== null && (ended || grown)) {
      this.dispatchEvent(new CustomEvent("recorded", { detail: { source: job.source_id, ended: ended === true } }));
    }
  }

  #listen() {
    this.#stream?.close();
    const stream = new EventSource("/api/events");
    this.#stream = stream;
    stream.addEventListener("open", () => this.load().catch(() => {}), { once: true }); // what happened since it was asked for
    for (const type of TYPES) stream.addEventListener(type, (event) => this.#hear(event));
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      setTimeout(() => this.start().catch(() => this.#listen()), AGAIN_MS);
    });
  }

  /** @param {MessageEvent<string>} event */
  #hear(event) {
    /** @type {{ job_id: number, data: Partial<Job> }} */
    const { job_id: id, data } = JSON.parse(event.data);
    const job = this.all.get(id);
    if (job?.state === "running" && event.type === "progress" && typeof data.progress === "number") {
      this.#take({ ...job, ...pick(data) }, (this.#turn += 1));
      this.dispatchEvent(new Event("change"));
      return;
    }
    this.#changed.add(id);
    this.later();
  }

  async #catchUp() {
    const ids = [...this.#changed];
    this.#changed.clear();
    try {
      if (ids.length > 5) await this.load();
      else for (const id of ids) await this.#ask(() => get(`/api/jobs/${id}`));
    } catch {
      // Away: the notice says so, and everything is loaded again when it is back.
    }
  }
}

/**
 * @param {Partial<Job>} data
 * @returns {Partial<Job>}
 */
function pick(data) {
  const { stage, progress, source_id, parts } = data;
  return Object.fromEntries(Object.entries({ stage, progress, source_id, parts }).filter(([, value]) => value !== undefined && value !== null));
}
