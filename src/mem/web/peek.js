// The frame under the pointer where the timeline is too wide to know every frame: asked for one at a time.

import { get } from "/web/api.js";
import { iso } from "/web/time.js";

/** @import { Frame, Source } from "types/page" */
/** @import { FramesAt } from "types/shapes" */

const KEPT = 500;

export class Peek {
  /** @type {Map<string, { frame: Frame } | null>} */
  #known = new Map();
  /** @type {{ key: string, abort: AbortController } | null} */
  #asked = null;

  /**
   * `found()` hears when the frame that was asked for last has come.
   * @param {() => void} found
   */
  constructor(found) {
    this.found = found;
  }

  /**
   * The span of the recording at the instant, to the nearest `grain` ms, or null until it is known.
   * @param {Source} source
   * @param {number} at
   * @param {number} grain
   */
  at(source, at, grain) {
    const low = source.start;
    const place = Math.min((source.end ?? at + 1) - 1, low + Math.round((at - low) / grain) * grain);
    const key = `${source.id}:${Math.max(low, place)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#ask(key, source.id, Math.max(low, place));
    return null;
  }

  /**
   * @param {string} key
   * @param {number} source
   * @param {number} at
   */
  async #ask(key, source, at) {
    if (this.#asked?.key === key) return;
    this.#asked?.abort.abort();
    const abort = new AbortController();
    this.#asked = { key, abort };
    try {
      const { frames } = /** @type {FramesAt} */ (await get("/api/frames", { at: iso(at), source }, abort.signal));
      this.#known.set(key, frames.length ? { frame: frames[0].frame } : null);
      const [oldest] = this.#known.keys();
      if (this.#known.size > KEPT) this.#known.delete(oldest);
      this.found();
    } catch {
      // The pointer went on, or the server is away: the next move asks again.
    } finally {
      if (this.#asked?.key === key) this.#asked = null;
    }
  }
}
