// The frame under the pointer where the timeline is too wide to know every frame: asked for one at a time.

import { get } from "/web/api.js";
import { iso } from "/web/time.js";

const KEPT = 500;

export class Peek {
  #known = new Map();
  #asked = null;

  /** `found()` hears when the frame that was asked for last has come. */
  constructor(found) {
    this.found = found;
  }

  /** The span of the recording at the instant, to the nearest `grain` ms, or null until it is known. */
  at(source, at, grain) {
    const low = source.start;
    const place = Math.min((source.end ?? at + 1) - 1, low + Math.round((at - low) / grain) * grain);
    const key = `${source.id}:${Math.max(low, place)}`;
    if (this.#known.has(key)) return this.#known.get(key);
    this.#ask(key, source.id, Math.max(low, place));
    return null;
  }

  async #ask(key, source, at) {
    if (this.#asked?.key === key) return;
    this.#asked?.abort.abort();
    const abort = new AbortController();
    this.#asked = { key, abort };
    try {
      const { frames } = await get("/api/frames", { at: iso(at), source }, abort.signal);
      this.#known.set(key, frames.length ? { frame: frames[0].frame } : null);
      if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value);
      this.found();
    } catch {
      // The pointer went on, or the server is away: the next move asks again.
    } finally {
      if (this.#asked?.key === key) this.#asked = null;
    }
  }
}
