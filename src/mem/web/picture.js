// One frame, large: the small picture at once, the full one as soon as it is decoded.

import { image } from "/web/api.js";
import { el, say, show } from "/web/dom.js";
import { THUMB } from "/web/images.js";
import { text } from "/web/strings.js";

/** @import { Frame } from "types/page" */

const REST_MS = 70; // while frames fly past, only their small pictures are fetched

export class Picture {
  /** @type {string | null} */
  #frame = null;
  #timer = 0;

  constructor() {
    this.words = el("p", { class: "wordless" });
    this.picture = el("img", { alt: "", draggable: "false", hidden: true });
    this.element = el("div", { class: "picture" }, this.picture, this.words);
  }

  /**
   * Show the frame; `name` says to a screen reader what it is of.
   * @param {Frame} frame
   * @param {string} name
   */
  show(frame, name) {
    this.picture.alt = name;
    if (this.#frame === image(frame)) return;
    this.#frame = image(frame);
    this.element.classList.remove("blank");
    say(this.words, "");
    clearTimeout(this.#timer);
    this.#swap(frame, image(frame, THUMB), () => this.picture.getAttribute("src") !== image(frame));
    this.#timer = setTimeout(() => this.#swap(frame, image(frame), () => true, true), REST_MS);
  }

  /**
   * Show words where there is no picture.
   * @param {string} words
   */
  none(words) {
    clearTimeout(this.#timer);
    this.#frame = null;
    this.element.classList.toggle("blank", words !== "");
    show(this.picture, false);
    say(this.words, words);
  }

  /**
   * @param {Frame} frame
   * @param {string} src
   * @param {() => boolean} wanted
   * @param {boolean} [full]
   */
  async #swap(frame, src, wanted, full = false) {
    const next = new Image();
    next.src = src;
    next.draggable = false;
    try {
      await next.decode();
    } catch {
      if (full && this.#frame === image(frame) && this.picture.hidden) say(this.words, text.day.broken);
      return;
    }
    if (this.#frame !== image(frame) || !wanted()) return;
    next.alt = this.picture.alt;
    if (full) next.dataset.full = String(frame.id);
    this.picture.replaceWith(next);
    this.picture = next;
  }
}
