// The words that were read off a picture, lying over it where they stand: to be selected, and marked on wish.

import { get } from "/web/api.js";
import { el, fill } from "/web/dom.js";

/** @import { Frame, Shown } from "types/page" */

const REST_MS = 200; // while frames fly past, nothing is asked for
const KEPT = 100;

/** Dispatches "lines" (detail: the lines, or null while they are not known). */
export class Legend extends EventTarget {
  /** @type {Shown[] | null} */
  lines = null;
  /** @type {Frame | null} */
  #frame = null;
  #timer = 0;
  /** @type {Map<number, Shown[]>} */
  #known = new Map();

  constructor() {
    super();
    this.element = el("div", { class: "legend", "aria-hidden": "true" });
    new ResizeObserver(() => this.#place()).observe(this.element);
  }

  /**
   * Show what was read off the frame; null for none.
   * @param {Frame | null} frame
   */
  show(frame) {
    if (this.#frame?.id === frame?.id && this.#frame?.version === frame?.version) return;
    this.#frame = frame;
    clearTimeout(this.#timer);
    const known = frame && this.#known.get(frame.id);
    this.#set(known ?? null);
    if (frame && !known) this.#timer = setTimeout(() => this.#ask(frame), REST_MS);
  }

  /** Forget what was read, for a record of which a part was covered. */
  forget() {
    this.#known.clear();
    this.#frame = null;
  }

  /** Mark the boxes, or no longer; gives whether they are marked. */
  toggle() {
    return this.element.classList.toggle("marked");
  }

  /** @param {Frame} frame */
  async #ask(frame) {
    try {
      const { lines, frame: whole } = await get(`/api/frames/${frame.id}/text`);
      this.#known.set(frame.id, lines.map((line) =>
        ({ ...line, start: Date.parse(line.start), end: Date.parse(line.end), wide: whole.width, high: whole.height })));
      const [oldest] = this.#known.keys();
      if (this.#known.size > KEPT) this.#known.delete(oldest);
    } catch {
      return; // The picture can do without; the next frame asks anew.
    }
    if (this.#frame?.id === frame.id) this.#set(this.#known.get(frame.id) ?? null);
  }

  /** @param {Shown[] | null} lines */
  #set(lines) {
    this.lines = lines;
    fill(this.element, (lines ?? []).map((line) => el("span", {}, line.text)));
    this.#place();
    this.dispatchEvent(new CustomEvent("lines", { detail: lines }));
  }

  /** Lay the words over the picture, which is as large as fits and stands in the middle. */
  #place() {
    if (!this.lines?.length) return;
    const { clientWidth: width, clientHeight: height } = this.element;
    const children = this.element.querySelectorAll("span");
    const scale = Math.min(width / this.lines[0].wide, height / this.lines[0].high);
    const [left, top] = [(width - this.lines[0].wide * scale) / 2, (height - this.lines[0].high * scale) / 2];
    this.lines.forEach(({ box }, i) => {
      const { style } = children[i];
      style.left = `${left + box.x * scale}px`;
      style.top = `${top + box.y * scale}px`;
      style.height = style.lineHeight = `${box.height * scale}px`;
      style.fontSize = `${box.height * scale * 0.8}px`;
      style.transform = "";
    });
    const natural = Array.from(children, (child) => child.offsetWidth);
    this.lines.forEach(({ box }, i) => (children[i].style.transform = `scaleX(${(box.width * scale) / Math.max(1, natural[i])})`));
  }
}
