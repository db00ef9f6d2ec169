// Playing: the original video where the browser can, else the clock runs on over the kept frames.

import { video } from "/web/api.js";
import { el, show } from "/web/dom.js";
import { endOf } from "/web/lanes.js";

const TICK_MS = 80;

/** Dispatches "state" when playing begins or stops. */
export class Player extends EventTarget {
  playing = false;
  #source = null;
  #from = 0;
  #timer = 0;
  #film = null;
  #unplayable = new Set();

  /** `moved(at)` hears the instant while it runs; `ended(at)` when the recording is over. */
  constructor(box, moved, ended) {
    super();
    this.box = box;
    this.moved = moved;
    this.ended = ended;
  }

  toggle(source, at) {
    if (this.playing) this.#pause();
    else this.#play(source, at);
  }

  /** Stop, and give the place back to the picture. */
  rest() {
    if (this.playing) this.#pause();
    if (this.#film) show(this.#film, false);
  }

  #play(source, at) {
    this.#source = source;
    this.#from = at;
    this.playing = true;
    this.dispatchEvent(new Event("state"));
    if (this.#unplayable.has(source.id)) this.#run(at);
    else this.#roll(source, at);
  }

  #roll(source, at) {
    if (this.#film?.dataset.source !== String(source.id)) {
      this.#film?.remove();
      this.#film = el("video", { "data-source": source.id, playsinline: true, preload: "auto", hidden: true, src: video(source.id) });
      this.#film.addEventListener("error", () => this.#give(source));
      this.#film.addEventListener("ended", () => this.#over());
      this.box.append(this.#film);
    }
    const film = this.#film;
    film.currentTime = (at - source.start) / 1000;
    film.play().then(() => {
      show(film, this.playing && film.videoWidth > 0);
      this.#follow(() => source.start + film.currentTime * 1000);
    }).catch(() => this.#give(source));
  }

  // The original is not kept, or this browser cannot decode it: step through the frames instead.
  #give(source) {
    if (this.#unplayable.has(source.id)) return;
    this.#unplayable.add(source.id);
    this.#film?.remove();
    this.#film = null;
    if (this.playing) this.#run(this.#from);
  }

  #run(at) {
    const began = performance.now();
    this.#follow(() => at + performance.now() - began);
  }

  #follow(now) {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      const at = Math.round(now());
      if (at >= endOf(this.#source)) this.#over();
      else this.moved(at);
    }, TICK_MS);
  }

  #over() {
    const at = endOf(this.#source) - 1;
    this.#pause();
    this.ended(at);
  }

  #pause() {
    clearInterval(this.#timer);
    this.#film?.pause();
    this.playing = false;
    this.dispatchEvent(new Event("state"));
  }
}
