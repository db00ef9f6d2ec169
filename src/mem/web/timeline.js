// The timeline at the bottom of every screen: what part of time is in sight, and going elsewhere.

import { get } from "/web/api.js";
import { brush, el, fill, paced, say, settled, still } from "/web/dom.js";
import { DAY, HOUR, MINUTE, SECOND, clock, date, dayStart, iso, moment, shortDate, zone } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { AXIS, CLOSE_MS, LANE, colours, paint } from "/web/paint.js";
import { arrived } from "/web/images.js";
import { jumper } from "/web/jump.js";
import { listen } from "/web/gestures.js";
import { preview } from "/web/preview.js";
import { Legible } from "/web/legible.js";
import { Peek } from "/web/peek.js";
import { chosenRange } from "/web/range.js";
import { onTheme } from "/web/look.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */
/** @import { Mark, Range, Source, Wish } from "types/page" */
/** @import { Density } from "types/shapes" */

const LEAST = SECOND;
const MOST = 10 * 366 * DAY;
const GLIDE_MS = 140;
const words = text.timeline;
// Each with what it shows and the shortest view that still goes by its name, in ms.
/** @type {[name: keyof typeof words.scales, wide: number, least: number][]} */
const SCALES = [["year", 366 * DAY, 120 * DAY], ["month", 31 * DAY, 4 * DAY], ["day", DAY, 3 * HOUR],
  ["hour", HOUR, 10 * MINUTE], ["minute", MINUTE, 0]];

/** `wish`: go(at, source), step(direction), range({from, to} or null), erase(range). */
export class Timeline extends EventTarget {
  from = Date.now() - DAY;
  duration = DAY;
  /** @type {number | null} */
  at = null;
  /** @type {number | null} */
  source = null;
  /** @type {Mark[]} */
  #marks = [];
  /** @type {Range | null} */
  #range = null;
  /** @type {[number, number] | null} */
  #pointer = null;
  #down = 0;
  /** @type {Density | null} */
  #density = null;
  /** @type {AbortController | null} */
  #asked = null;
  #glide = 0;
  #due = 0;

  /**
   * @param {HTMLElement} root
   * @param {Record} record
   * @param {Pick<Wish, "go" | "step" | "range" | "erase">} wish
   */
  constructor(root, record, wish) {
    super();
    this.record = record;
    this.wish = wish;
    this.day = el("button", { class: "date", type: "button", title: text.jump.open });
    this.jump = jumper(this.day, record, (at) => wish.go(at, null));
    this.scales = SCALES.map(([name]) => el("button", { type: "button", "aria-pressed": "false", "data-scale": name, onclick: () => this.zoomTo(name) }, words.scales[name]));
    /** @type {HTMLSelectElement} */
    this.scale = el("select", { class: "pill scale", "aria-label": words.zoom, onchange: () => this.zoomTo(this.scale.value) },
      SCALES.map(([name]) => el("option", { value: name }, words.scales[name])));
    this.chosen = chosenRange(wish);
    this.canvas = el("canvas", { class: "canvas", tabindex: 0, role: "slider", "aria-label": words.instant,
      "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": 0 });
    this.labels = el("ul", { class: "lanes", "aria-label": words.lanes });
    this.card = preview();
    this.legible = new Legible(() => this.draw());
    this.peek = new Peek(() => this.#pointer && this.#hover(...this.#pointer));
    fill(root, this.#bar(), el("div", { class: "track" }, el("div", { class: "lane-names" }, this.labels), this.canvas), this.card.element);
    this.ctx = brush(this.canvas);
    this.ink = colours();
    this.face = getComputedStyle(document.body).fontFamily;
    this.#listen();
  }

  /**
   * Show the instant and its recording; the view follows when the instant leaves it.
   * @param {number | null} at
   * @param {number | null} source
   */
  place(at, source) {
    this.at = at;
    if (source !== this.source) this.#reveal(source);
    this.source = source;
    if (at !== null && (at < this.from || at >= this.from + this.duration)) this.look(at - this.duration * 0.3, this.duration);
    this.#words();
    this.draw();
  }

  /**
   * Show the chosen range, {from, to} or null.
   * @param {Range | null} range
   */
  choose(range) {
    this.#range = range;
    this.chosen.show(range);
    this.day.parentElement?.classList.toggle("ranged", range !== null);
    this.draw();
  }

  /** Forget what was read off the screens, for a record of which a part was covered. */
  forget() {
    this.legible.forget();
    this.peek = new Peek(() => this.#pointer && this.#hover(...this.#pointer));
  }

  /**
   * Marks of what was found: [{at, source}].
   * @param {Mark[]} marks
   */
  mark(marks) {
    this.#marks = marks;
    this.draw();
  }

  /**
   * Put `duration` ms from `from` into sight, gliding there where asked.
   * @param {number} from
   * @param {number} duration
   * @param {boolean} [glide]
   */
  look(from, duration, glide = false) {
    duration = Math.max(LEAST, Math.min(MOST, duration));
    cancelAnimationFrame(this.#glide);
    if (!glide || still.matches) {
      this.#see(from, duration);
      return;
    }
    const [from0, duration0, began] = [this.from, this.duration, performance.now()];
    const move = () => {
      const part = Math.min(1, (performance.now() - began) / GLIDE_MS);
      const eased = 1 - (1 - part) ** 3;
      const wide = duration0 * (duration / duration0) ** eased;
      const share = Math.abs(duration - duration0) < 1 ? eased : (wide - duration0) / (duration - duration0);
      this.#see(from0 + (from - from0) * share, part < 1 ? wide : duration);
      if (part < 1) this.#glide = requestAnimationFrame(move);
    };
    move();
  }

  /**
   * Put what was recorded on the local day of `at` into sight.
   * @param {number} at
   */
  showDay(at) {
    const [low, high] = [dayStart(at), dayStart(at, 1)];
    const there = [...this.record.sources.values()].filter((source) => source.start < high && endOf(source) > low);
    if (!there.length) return this.look(low, high - low);
    const begin = Math.max(low, Math.min(...there.map((source) => source.start)));
    const end = Math.min(high, Math.max(...there.map(endOf)));
    const wide = Math.max(MINUTE, (end - begin) * 1.08);
    return this.look((begin + end - wide) / 2, wide);
  }

  /**
   * Zoom to one of the named scales around the instant.
   * @param {string} name
   */
  zoomTo(name) {
    const centre = this.at !== null && this.at >= this.from && this.at < this.from + this.duration ? this.at : this.from + this.duration / 2;
    const day = new Date(centre);
    if (name === "day") return this.look(dayStart(centre), dayStart(centre, 1) - dayStart(centre), true);
    if (name === "month" || name === "year") {
      const month = name === "month" ? day.getMonth() : 0;
      const first = new Date(day.getFullYear(), month, 1).getTime();
      const next = new Date(day.getFullYear(), month + (name === "month" ? 1 : 12), 1).getTime();
      return this.look(first, next - first, true);
    }
    const wide = SCALES.find(([each]) => each === name)?.[1] ?? this.duration;
    return this.look(centre - wide / 2, wide, true);
  }

  /** Draw at the next picture of the screen. */
  draw() {
    this.#due ||= requestAnimationFrame(() => {
      this.#due = 0;
      this.#draw();
    });
  }

  // building and listening

  #bar() {
    return el("div", { class: "timeline-bar" }, this.day, this.jump,
      el("span", { class: "zone", title: words.zone(text.range.help) }, zone), this.chosen.element,
      el("div", { class: "segments", role: "group", "aria-label": words.zoom }, this.scales), this.scale,
      el("button", { class: "pill", type: "button", onclick: () => this.#end(1) }, words.latest));
  }

  #listen() {
    listen(this.canvas, {
      go: (x, y) => this.wish.go(this.#timeAt(x), this.#sourceAt(x, y)?.id ?? null),
      grab: (x, y) => this.at !== null && y < 22 && Math.abs(x - this.#xOf(this.at)) < 40,
      scrub: (x) => this.wish.go(this.#timeAt(x), this.source),
      choose: (low, high) => this.wish.range({ from: this.#timeAt(low), to: this.#timeAt(high) }),
      zoom: (factor, x) => this.#zoom(factor, x),
      move: (dx, dy) => this.#move(dx, dy),
      hover: (x, y) => this.#hover(x, y),
      step: (way) => this.wish.step(way),
      ends: (way) => this.#end(way),
    });
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    onTheme(() => {
      this.ink = colours();
      this.draw();
    });
    this.labels.parentElement?.addEventListener("wheel", (event) => this.#move(0, event.deltaY), { passive: true });
    this.record.addEventListener("sources", () => {
      this.#names();
      this.#need();
    });
    this.record.addEventListener("spans", () => {
      this.#need();
      this.draw();
    });
    arrived.addEventListener("picture", () => this.draw());
  }

  #need = paced(() => this.#ensure(), 120);
  #ask = settled(() => this.#askDensity(), 160);

  #resize() {
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#move(0, 0);
    this.#draw();
  }

  #names() {
    fill(this.labels, this.record.lanes.map((lane) =>
      el("li", {}, el("b", { title: lane.name }, lane.name), el("span", {}, lane.about))));
    this.#move(0, 0);
  }

  // the view

  get #width() {
    return Math.max(1, this.canvas.clientWidth);
  }

  /** @param {number} x */
  #timeAt(x) {
    return Math.round(this.from + (x * this.duration) / this.#width);
  }

  /** @param {number} at */
  #xOf(at) {
    return ((at - this.from) * this.#width) / this.duration;
  }

  /** @type {(from: number, duration: number) => void} */
  #see(from, duration) {
    this.from = from;
    this.duration = duration;
    this.#need();
    this.dispatchEvent(new Event("view"));
    this.draw();
  }

  /**
   * @param {number} factor
   * @param {number | null} x
   */
  #zoom(factor, x) {
    const pivot = x ?? (this.at !== null ? Math.max(0, Math.min(this.#width, this.#xOf(this.at))) : this.#width / 2);
    const at = this.from + (pivot * this.duration) / this.#width;
    const duration = Math.max(LEAST, Math.min(MOST, this.duration * factor));
    this.look(at - (pivot * duration) / this.#width, duration);
  }

  /** @type {(dx: number, dy: number) => void} */
  #move(dx, dy) {
    const most = Math.max(0, AXIS + this.record.lanes.length * LANE - this.canvas.clientHeight);
    this.#down = Math.max(0, Math.min(most, this.#down + dy));
    this.labels.style.transform = `translateY(${AXIS - this.#down}px)`;
    if (dx) this.look(this.from + (dx * this.duration) / this.#width, this.duration);
    this.draw();
  }

  /** @param {number | null} source */
  #reveal(source) {
    const y = this.record.lanes.findIndex((lane) => lane.sources.some((each) => each.id === source)) * LANE - this.#down;
    if (y < 0) this.#move(0, y);
    else if (AXIS + y + LANE > this.canvas.clientHeight) this.#move(0, AXIS + y + LANE - this.canvas.clientHeight);
  }

  /** @param {number} way */
  #end(way) {
    const at = way < 0 ? this.record.first() : this.record.last();
    if (at === null) return;
    this.wish.go(way < 0 ? at : at - 1, null);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #sourceAt(x, y) {
    const lane = this.record.lanes[Math.floor((y - AXIS + this.#down) / LANE)];
    const at = this.#timeAt(x);
    const slack = (2 * this.duration) / this.#width;
    return lane?.sources.find((source) => source.start - slack <= at && at < endOf(source) + slack) ?? null;
  }

  /**
   * @param {number | null} x
   * @param {number | null} y
   */
  #hover(x, y) {
    this.#pointer = x === null || y === null ? null : [x, y];
    const source = x === null || y === null ? null : this.#sourceAt(x, y);
    if (!source || x === null) return this.card.hide();
    const at = Math.max(source.start, Math.min(endOf(source) - 1, this.#timeAt(x)));
    const note = this.#noteAt(source.id, at);
    const box = this.canvas.getBoundingClientRect();
    return this.card.show(box.left + x, this.day.getBoundingClientRect().top - 8, { at, source, span: this.#spanAt(source, at), note });
  }

  /**
   * @param {Source} source
   * @param {number} at
   */
  #spanAt(source, at) {
    const known = this.record.spanAt(source.id, at);
    return known ?? (this.record.knows(at, at) ? null : this.peek.at(source, at, (4 * this.duration) / this.#width));
  }

  /**
   * @param {number} source
   * @param {number} at
   */
  #noteAt(source, at) {
    const slack = (5 * this.duration) / this.#width;
    for (const note of this.record.notes.values()) {
      if (note.source_id === source && note.start - slack <= at && at <= note.end + slack) return note.text;
    }
    return "";
  }

  // data and drawing

  #ensure() {
    if (this.duration <= CLOSE_MS) {
      this.#density = null;
      this.record.ensure(this.from, this.from + this.duration);
      this.legible.ensure(this.from, this.from + this.duration);
    } else this.#ask();
  }

  async #askDensity() {
    this.#asked?.abort();
    this.#asked = new AbortController();
    const buckets = Math.max(20, Math.min(400, Math.round(this.#width / 4)));
    try {
      const answer = await get("/api/timeline/density",
        { from: iso(this.from), to: iso(this.from + this.duration), buckets }, this.#asked.signal);
      if (this.duration > CLOSE_MS) this.#density = answer;
      this.draw();
    } catch {
      // A newer wish took its place, or the server is away: the recordings themselves are drawn anyway.
    }
  }

  #draw() {
    const [width, height] = [this.#width, this.canvas.clientHeight];
    const again = paint(this.ctx, {
      width, height, from: this.from, scale: this.duration / width, down: this.#down, at: this.at,
      lanes: this.record.lanes, record: this.record, notes: [...this.record.notes.values()], marks: this.#marks,
      range: this.#range, legible: this.legible,
      density: this.#density, ink: this.ink, face: this.face, still: still.matches,
    });
    const middle = this.at !== null && this.at >= this.from && this.at < this.from + this.duration ? this.at : this.from + this.duration / 2;
    say(this.day, innerWidth < 380 ? shortDate(middle) : date(middle));
    const near = (SCALES.find(([, , least]) => this.duration >= least) ?? SCALES[SCALES.length - 1])[0];
    this.scales.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.scale === near)));
    this.scale.value = near;
    if (again) this.draw();
  }

  #words() {
    if (this.at === null) return;
    const [low, high] = [this.record.first() ?? this.at, this.record.last() ?? this.at];
    const name = this.record.sources.get(this.source ?? 0)?.name;
    this.jump.dataset.at = String(this.at);
    this.canvas.setAttribute("aria-valuenow", String(Math.max(0, Math.min(1, (this.at - low) / Math.max(1, high - low))).toFixed(4)));
    this.canvas.setAttribute("aria-valuetext", name ? `${moment(this.at)}, ${name}` : moment(this.at));
    this.canvas.setAttribute("aria-description", words.help(clock(this.at)));
  }
}
