// Playing: the original video where the browser can, else the clock runs on over the kept frames.
// Backwards it always steps over the frames: no browser plays a film backwards.

import { video } from "/web/api.js";
import { el, show } from "/web/dom.js";
import { endOf } from "/web/lanes.js";

/** @import { Source } from "types/page" */

const TICK_MS = 80;
const FASTEST = 16;

/** Dispatches "state" when playing begins, stops, or goes at another rate. */
export class Player extends EventTarget {
  playing = false;
  rate = 1; // below 0 backwards
  /** @type {Source | null} */
  #source = null;
  #from = 0;
  #timer = 0;
  /** @type {HTMLVideoElement | null} */
  #film = null;
  /** @type {Set<number>} */
  #unplayable = new Set();

  /**
   * `moved(at)` hears the instant while it runs; `ended(at, way)` when the recording is over.
   * @param {HTMLElement} box
   * @param {(at: number) => void} moved
   * @param {(at: number, way: number) => void} ended
   */
  constructor(box, moved, ended) {
    super();
    this.box = box;
    this.moved = moved;
    this.ended = ended;
  }

  /**
   * @param {Source} source
   * @param {number} at
   */
  toggle(source, at) {
    if (this.playing) this.#pause();
    else this.#play(source, at, 1);
  }

  /**
   * Play on (1) or backwards (-1); when it does already, twice as fast.
   * @param {number} way
   * @param {Source} source
   * @param {number} at
   */
  faster(way, source, at) {
    const same = this.playing && Math.sign(this.rate) === way;
    this.#play(source, at, same ? way * Math.min(FASTEST, Math.abs(this.rate) * 2) : way);
  }

  /**
   * Stand still one picture of the film further on (1) or back (-1); false where only frames are kept.
   * @param {Source} source
   * @param {number} at
   * @param {number} way
   */
  nudge(source, at, way) {
    const fps = source.media?.video?.fps;
    if (!fps || !this.#film || this.#film.hidden || this.#film.dataset.source !== String(source.id)) return false;
    if (this.playing) this.#pause();
    const next = Math.max(source.start, Math.min(endOf(source) - 1, at + Math.round((way * 1000) / fps)));
    this.#film.currentTime = (next - source.start) / 1000;
    this.moved(next);
    return true;
  }

  /** Stop, and give the place back to the picture. */
  rest() {
    if (this.playing) this.#pause();
    if (this.#film) show(this.#film, false);
  }

  /**
   * @param {Source} source
   * @param {number} at
   * @param {number} rate
   */
  #play(source, at, rate) {
    this.#source = source;
    this.#from = at;
    this.playing = true;
    this.rate = rate;
    this.dispatchEvent(new Event("state"));
    if (rate < 0 || this.#unplayable.has(source.id)) this.#run(at);
    else this.#roll(source, at);
  }

  /**
   * @param {Source} source
   * @param {number} at
   */
  #roll(source, at) {
    if (this.#film?.dataset.source !== String(source.id)) {
      this.#film?.remove();
      this.#film = el("video", { "data-source": source.id, playsinline: true, preload: "auto", hidden: true, src: video(source.id) });
      this.#film.addEventListener("error", () => this.#give(source));
      this.#film.addEventListener("ended", () => this.#over(1));
      this.box.append(this.#film);
    }
    const film = this.#film;
    const place = (at - source.start) / 1000;
    if (Math.abs(film.currentTime - place) > 0.25 || film.paused) film.currentTime = place;
    film.playbackRate = this.rate;
    film.play().then(() => {
      show(film, this.playing && this.rate > 0 && film.videoWidth > 0);
      this.#follow(() => source.start + film.currentTime * 1000);
    }).catch((problem) => problem.name !== "AbortError" && this.#give(source));
  }

  /**
   * The original is not kept, or this browser cannot decode it: step through the frames instead.
   * @param {Source} source
   */
  #give(source) {
    if (this.#unplayable.has(source.id)) return;
    this.#unplayable.add(source.id);
    this.#film?.remove();
    this.#film = null;
    if (this.playing) this.#run(this.#from);
  }

  /** @param {number} at */
  #run(at) {
    this.#film?.pause();
    if (this.#film) show(this.#film, false);
    const [began, rate] = [performance.now(), this.rate];
    this.#follow(() => at + (performance.now() - began) * rate);
  }

  /** @param {() => number} now */
  #follow(now) {
    clearInterval(this.#timer);
    if (!this.playing) return;
    this.#timer = setInterval(() => {
      const at = Math.round(now());
      if (!this.#source) return;
      if (at >= endOf(this.#source)) this.#over(1);
      else if (at < this.#source.start) this.#over(-1);
      else this.moved(at);
    }, TICK_MS);
  }

  /** @param {number} way */
  #over(way) {
    if (!this.#source) return;
    const at = way > 0 ? endOf(this.#source) - 1 : this.#source.start;
    this.#pause();
    this.ended(at, way);
  }

  #pause() {
    clearInterval(this.#timer);
    this.#film?.pause();
    this.playing = false;
    this.rate = 1;
    this.dispatchEvent(new Event("state"));
  }
}
