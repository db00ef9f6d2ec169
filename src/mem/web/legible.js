// Where text stood on the screens, for the timeline: asked for hour by hour when the view is close enough.

import { get } from "/web/api.js";
import { HOUR, iso } from "/web/time.js";

/** @import { ScreenText, TimelinePage } from "types/shapes" */
/** @typedef {{ start: number, end: number }} Stretch */

const PAGE = 200;
const PAGES = 10;
const HELD = 48; // hours
const JOIN_MS = 1000;
export const LEGIBLE_MS = 2 * HOUR; // wider views do not ask

export class Legible {
  /** @type {Map<number, Stretch[]>} */
  #rows = new Map(); // by source: [{start, end}] in the order of time, none touching another
  /** @type {Set<number>} */
  #hours = new Set();
  #busy = false;

  /**
   * `changed()` hears when more is known.
   * @param {() => void} changed
   */
  constructor(changed) {
    this.changed = changed;
  }

  /**
   * The stretches of one recording during which text could be read.
   * @param {number} source
   */
  of(source) {
    return this.#rows.get(source) ?? [];
  }

  /**
   * See to what lies between the instants.
   * @param {number} from
   * @param {number} to
   */
  async ensure(from, to) {
    if (this.#busy || to - from > LEGIBLE_MS) return;
    for (let hour = Math.floor(from / HOUR); hour * HOUR < to; hour += 1) {
      if (this.#hours.has(hour)) continue;
      this.#busy = true;
      try {
        await this.#look(hour);
        this.#hours.add(hour);
      } catch {
        return; // Away or refused: the next wish asks again.
      } finally {
        this.#busy = false;
      }
      this.changed();
    }
  }

  /** Forget what is known, for a recording that has changed. */
  forget() {
    this.#hours.clear();
    this.#rows.clear();
  }

  /** @param {number} hour */
  async #look(hour) {
    if (this.#hours.size > HELD) this.forget();
    const range = { from: iso(hour * HOUR), to: iso((hour + 1) * HOUR), screen: true, limit: PAGE };
    /** @type {string | null} */
    let cursor = null;
    for (let page = 0; page < PAGES; page += 1) {
      /** @type {TimelinePage} */
      const answer = await get("/api/timeline", { ...range, cursor });
      for (const row of answer.screen) this.#take(row);
      cursor = answer.cursor;
      if (!cursor) break;
    }
    for (const [source, rows] of this.#rows) this.#rows.set(source, joined(rows));
  }

  /** @param {ScreenText} line */
  #take({ source_id: source, start, end }) {
    const row = { start: Date.parse(start), end: Date.parse(end) };
    const rows = this.#rows.get(source);
    if (rows) rows.push(row);
    else this.#rows.set(source, [row]);
  }
}

/** @param {Stretch[]} rows */
function joined(rows) {
  /** @type {Stretch[]} */
  const made = [];
  for (const row of rows.sort((a, b) => a.start - b.start)) {
    const last = made.at(-1);
    if (last && row.start <= last.end + JOIN_MS) last.end = Math.max(last.end, row.end);
    else made.push({ ...row });
  }
  return made;
}
