// What was recorded, as far as it has been looked at: recordings, and hour by hour what they showed and said.

import { get, versionOf } from "/web/api.js";
import { HOUR, iso } from "/web/time.js";
import { arrange, endOf } from "/web/lanes.js";

/** @import * as api from "types/shapes" */
/** @import { Lane, Line, Note, Source, Span, Timed } from "types/page" */

const FIRST_PAGE = 100; // recordings
const PAGE = 200; // as many as the server gives at most, unless it was told otherwise
const PATIENCE_MS = 400; // that the first picture gets before older recordings are asked for
const SPANS = 1000;
const PAGES = 1000; // of one stretch of hours
const RUN = 6; // hours asked for at once
const HELD = 400; // hours kept in memory
const SOURCES = 20_000;

/**
 * What is known of one recording; `said` holds the segments by id, and `untidy` that they wait to be put in order.
 * @typedef {{ spans: Span[], segments: Line[], said: Map<number, Line>, untidy: boolean }} Track
 */

/** Dispatches "sources" when recordings change and "spans" when more of what they show is known. */
export class Record extends EventTarget {
  /** @type {Map<number, Source>} */
  sources = new Map();
  /** @type {Lane[]} */
  lanes = [];
  /** @type {Map<number, Note>} */
  notes = new Map();
  ready = false;
  whole = false; // until then older recordings are still on their way
  /** @type {Map<number, Track>} */
  #tracks = new Map();
  /** @type {Map<number, "asked" | "partly" | "held">} */
  #hours = new Map();
  /** @type {{ run: number[], cursor: string | null }[]} */
  #queue = [];
  #busy = false;
  #rest = 0;

  /** Learn which recordings there are. */
  async load() {
    /** @type {Map<number, Source>} */
    const sources = new Map();
    /** @type {string | null} */
    let cursor = null;
    do {
      /** @type {api.SourcePage} */
      const page = await get("/api/sources", { limit: cursor || this.ready ? PAGE : FIRST_PAGE, cursor });
      for (const row of page.sources) sources.set(row.id, asSource(row));
      cursor = page.cursor;
      if (this.ready) continue;
      this.#show(sources); // the newest can be looked at while the others come
      if (cursor) await this.#looked();
    } while (cursor && sources.size < SOURCES);
    for (const [id, known] of this.sources) {
      if (sources.get(id)?.start !== known.start) this.#forget(known);
    }
    this.whole = true;
    this.#show(sources);
  }

  /**
   * Wait until something is shown of what is known, or for as long as patience lasts.
   * @returns {Promise<unknown>}
   */
  #looked() {
    return new Promise((done) => {
      this.addEventListener("spans", done, { once: true });
      setTimeout(done, PATIENCE_MS);
    });
  }

  /** @param {Map<number, Source>} sources */
  #show(sources) {
    this.sources = new Map(sources);
    this.lanes = arrange(sources.values());
    this.ready = true;
    this.dispatchEvent(new Event("sources"));
  }

  /**
   * Look again at a recording that is growing or was changed.
   * @param {number} id
   */
  async refresh(id) {
    await this.load();
    const source = this.sources.get(id);
    if (source) this.#hoursOf(source).forEach((hour) => this.#hours.delete(hour));
    this.dispatchEvent(new Event("spans"));
  }

  /** Forget what was shown and said, for a record of which a part was deleted. */
  forget() {
    this.#hours.clear();
    this.#tracks.clear();
    this.notes.clear();
    this.dispatchEvent(new Event("spans"));
  }

  /** The last instant of which something is recorded, or null. */
  last() {
    const ends = [...this.sources.values()].filter((source) => endOf(source) > source.start).map(endOf);
    return ends.length ? Math.max(...ends) : null;
  }

  /** The first instant of which something is recorded, or null. */
  first() {
    const starts = [...this.sources.values()].map((source) => source.start);
    return starts.length ? Math.min(...starts) : null;
  }

  /**
   * The lane that a recording lies in.
   * @param {number | null} id
   */
  laneOf(id) {
    return this.lanes.find((lane) => lane.sources.some((source) => source.id === id));
  }

  /**
   * The recordings that hold `at`, in the order of their lanes.
   * @param {number} at
   */
  at(at) {
    return this.lanes.flatMap((lane) => lane.sources.filter((source) => source.start <= at && at < endOf(source)));
  }

  /**
   * What is known of one recording: {spans, segments}, each in the order of time.
   * @param {number} id
   */
  track(id) {
    let track = this.#tracks.get(id);
    if (!track) {
      track = { spans: [], segments: [], said: new Map(), untidy: false };
      this.#tracks.set(id, track);
    }
    if (track.untidy) {
      track.segments = [...track.said.values()].sort((a, b) => a.start - b.start || a.id - b.id);
      track.untidy = false;
    }
    return track;
  }

  /**
   * The span of the recording that holds `at`, if it is known.
   * @param {number} id
   * @param {number} at
   */
  spanAt(id, at) {
    const { spans } = this.track(id);
    const span = spans[lastBefore(spans, at)];
    return span && at < span.end ? span : null;
  }

  /**
   * Whether everything between the instants has been looked at.
   * @param {number} from
   * @param {number} to
   */
  knows(from, to) {
    if (from === to) return this.#hours.get(Math.floor(from / HOUR)) === "held"; // asked for each column of the strip
    return this.#hoursBetween(from, to).every((hour) => this.#hours.get(hour) === "held");
  }

  /**
   * Make sure that everything between the instants gets looked at; the latest wish comes first.
   * @param {number} from
   * @param {number} to
   */
  ensure(from, to) {
    const missing = this.#hoursBetween(from, to).filter((hour) => !this.#hours.has(hour));
    /** @type {number[]} */
    let run = [];
    for (let i = missing.length - 1; i >= 0; i -= 1) {
      run.unshift(missing[i]);
      this.#hours.set(missing[i], "asked");
      if (run.length === RUN || missing[i - 1] !== missing[i] - 1) {
        this.#queue.push({ run, cursor: null });
        run = [];
      }
    }
    this.#work();
  }

  /**
   * Ask for nothing during the next `ms`: somebody waits for another answer of the server.
   * @param {number} ms
   */
  rest(ms) {
    this.#rest = performance.now() + ms;
  }

  async #rested() {
    for (let left; (left = this.#rest - performance.now()) > 0; ) await new Promise((done) => setTimeout(done, left));
  }

  async #work() {
    if (this.#busy) return;
    this.#busy = true;
    for (let wished; (wished = this.#queue.pop()); ) {
      try {
        await this.#look(wished);
      } catch {
        // Unreachable or refused: the notice says so, and the next wish asks again.
        for (const hour of wished.run) this.#hours.delete(hour);
      }
    }
    this.#busy = false;
    this.#bound();
  }

  /** @param {{ run: number[], cursor: string | null }} wished */
  async #look({ run, cursor }) {
    const range = { from: iso(run[0] * HOUR), to: iso((run[run.length - 1] + 1) * HOUR), words: true, limit: SPANS };
    const waiting = this.#queue.length;
    for (let page = 0; page < PAGES; page += 1) {
      await this.#rested();
      /** @type {api.TimelinePage} */
      const answer = await get("/api/timeline", { ...range, cursor });
      this.#take(answer);
      cursor = answer.cursor;
      if (!cursor) break;
      if (this.#queue.length > waiting) {
        this.#queue.unshift({ run, cursor }); // a newer wish comes first, this one goes on where it is
        return;
      }
    }
    // Of hours that hold more than that, what is under the pointer is asked for one by one.
    for (const hour of run) if (this.#hours.has(hour)) this.#hours.set(hour, cursor ? "partly" : "held");
    this.dispatchEvent(new Event("spans"));
  }

  /** @param {api.TimelinePage} answer */
  #take(answer) {
    for (const row of answer.spans) {
      const { id, colour, width, height, sha256 } = row.frame;
      const span = { start: Date.parse(row.start), end: Date.parse(row.end), frame: { id, colour, width, height, version: versionOf(sha256) } };
      place(this.track(row.source_id).spans, span);
    }
    for (const row of answer.segments) {
      const track = this.track(row.source_id);
      track.said.set(row.id, asTimed(row));
      track.untidy = true;
    }
    for (const row of answer.notes) this.notes.set(row.id, asTimed(row));
    this.dispatchEvent(new Event("spans"));
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #hoursBetween(from, to) {
    /** @type {Set<number>} */
    const hours = new Set();
    for (const source of this.sources.values()) {
      const low = Math.max(from, source.start);
      const high = Math.min(to, endOf(source));
      for (let hour = Math.floor(low / HOUR); hour * HOUR <= high && low <= high; hour += 1) hours.add(hour);
    }
    return [...hours].sort((a, b) => a - b);
  }

  /** @param {Source} source */
  #hoursOf(source) {
    return this.#hoursBetween(source.start, endOf(source));
  }

  /** @param {Source} source */
  #forget(source) {
    this.#hoursOf(source).forEach((hour) => this.#hours.delete(hour));
    this.#tracks.delete(source.id);
  }

  #bound() {
    if (this.#hours.size <= HELD) return;
    this.#hours.clear();
    this.#tracks.clear();
    this.dispatchEvent(new Event("spans"));
  }
}

/**
 * The index of the last row that starts at or before `at`; -1 where there is none.
 * @param {{ start: number }[]} rows
 * @param {number} at
 */
export function lastBefore(rows, at) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].start <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Put a span where it belongs in the order of time, in place of one that began then.
 * @param {Span[]} spans
 * @param {Span} span
 */
function place(spans, span) {
  const before = lastBefore(spans, span.start);
  const same = before >= 0 && spans[before].start === span.start;
  spans.splice(same ? before : before + 1, same ? 1 : 0, span);
}

/**
 * @param {api.Source} row
 * @returns {Source}
 */
function asSource(row) {
  return { ...row, start: Date.parse(row.started_at), end: row.ended_at === null ? null : Date.parse(row.ended_at) };
}

/**
 * @template {{ start: string, end: string, words?: api.Word[] }} Row
 * @param {Row} row
 * @returns {Timed<Row>}
 */
function asTimed(row) {
  const words = (row.words ?? []).map((word) => ({ ...word, start: Date.parse(word.start), end: Date.parse(word.end) }));
  return { ...row, words, start: Date.parse(row.start), end: Date.parse(row.end) };
}
