// The day: the picture at the chosen instant, and what was said around it.

import { image } from "/web/api.js";
import { announce, el, fill, say, show, timed } from "/web/dom.js";
import { clock, length, moment, offset, utc } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { lastBefore } from "/web/record.js";
import { Picture } from "/web/picture.js";
import { Player } from "/web/player.js";
import { Words } from "/web/words.js";
import { Legend } from "/web/legend.js";
import { cover, stretches } from "/web/cover.js";
import { place } from "/web/address.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */
/** @import { Lane, Source, Wish } from "types/page" */

const NEAR_MS = 20 * 60_000; // looked at around the instant, whatever the timeline shows
const EXPORTED_MS = 60_000; // chosen around the instant at first
const words = text.day;
const named = text.moment;

/**
 * @param {string} name
 * @param {string} title
 * @param {() => unknown} onclick
 */
const button = (name, title, onclick) => el("button", { type: "button", title, onclick }, name);

/** One instant of one recording, or that nothing was recorded then. */
export class Day {
  /** @type {number | null} */
  #at = null;
  /** @type {Source | null} */
  #source = null;
  play = button(words.play, words.playKey, () => this.toggle());
  gone = el("span", { class: "gone" });
  rate = el("span", { class: "gone" });
  save = el("a", { download: "", class: "save" }, named.save);
  textOn = button(named.text, named.textHelp, () => this.mark());
  coverOn = button(text.cover.open, text.cover.help, () => this.cover());
  controls = el("div", { class: "controls" });

  /**
   * @param {HTMLElement} root
   * @param {Record} record
   * @param {Pick<Wish, "go" | "tell" | "choose" | "fix" | "copy" | "range" | "covered">} wish
   */
  constructor(root, record, wish) {
    this.root = root;
    this.record = record;
    this.wish = wish;
    this.title = el("h1");
    this.time = el("span", { class: "now" });
    this.about = el("p", { class: "about" });
    this.others = el("div", { class: "others", role: "group", "aria-label": words.others });
    this.empty = el("div", { class: "empty", hidden: true });
    this.picture = new Picture();
    this.player = new Player(this.picture.element, (at) => wish.go(at, this.#source?.id ?? null, { playing: true }),
      (at, way) => this.step(way, at));
    this.legend = new Legend();
    this.picture.element.append(this.legend.element);
    this.words = new Words(record, wish);
    this.legend.addEventListener("lines", () => this.words.read(this.legend.lines));
    this.head = el("header", { class: "day-head" }, this.title, this.time, this.about, this.others);
    this.stage = el("div", { class: "stage" }, this.head, el("div", { class: "frame" }, this.picture.element, this.#controls()));
    fill(root, this.stage, this.words.element, this.empty);
    record.addEventListener("spans", () => this.#refresh());
    record.addEventListener("sources", () => this.#refresh());
  }

  /**
   * Show the instant.
   * @param {number | null} at
   * @param {number | null} sourceId
   * @param {boolean} [playing]
   */
  place(at, sourceId, playing = false) {
    const source = this.record.sources.get(sourceId ?? 0) ?? null;
    if (!playing && (at !== this.#at || source?.id !== this.#source?.id)) this.player.rest();
    this.#at = at;
    this.#source = source;
    if (at !== null) this.record.ensure(at - NEAR_MS, at + NEAR_MS);
    this.#refresh();
  }

  /**
   * Go to the next frame (1) or the one before (-1), into the neighbouring recording at an end.
   * @param {number} way
   * @param {number | null} [from]
   */
  step(way, from = this.#at) {
    if (from === null) return;
    const lane = this.#source && this.record.laneOf(this.#source.id);
    if (!this.#source || !lane) return this.#stepToRecording(way, from, this.record.lanes.flatMap((each) => each.sources));
    const { spans } = this.record.track(this.#source.id);
    const here = lastBefore(spans, from);
    const next = way > 0 ? spans[here + 1] : spans[here]?.start < from - 1000 ? spans[here] : spans[here - 1];
    if (next) return this.wish.go(next.start, this.#source.id);
    return this.#stepToRecording(way, from, lane.sources);
  }

  /** Play or pause. */
  toggle() {
    if (this.#source && this.#at !== null) this.player.toggle(this.#source, this.#at);
  }

  /**
   * Play on (1) or backwards (-1), faster each time.
   * @param {number} way
   */
  faster(way) {
    if (this.#source && this.#at !== null) this.player.faster(way, this.#source, this.#at);
  }

  /**
   * One picture of the film further on or back where it is open, else one frame.
   * @param {number} way
   */
  nudge(way) {
    if (this.#source && this.#at !== null && !this.player.nudge(this.#source, this.#at, way)) this.step(way);
  }

  /** Mark the words on the picture, or no longer. */
  mark() {
    this.textOn.setAttribute("aria-pressed", String(this.legend.toggle()));
  }

  /** Choose a minute around the instant, to be exported. */
  export() {
    if (this.#at === null) return;
    this.wish.range({ from: this.#at - EXPORTED_MS / 2, to: this.#at + EXPORTED_MS / 2 });
  }

  /** Let a person cover a part of the picture. */
  async cover() {
    if (!this.#source || this.#at === null) return;
    const span = this.record.spanAt(this.#source.id, this.#at);
    if (!span || this.picture.element.classList.contains("covering")) return;
    this.player.rest();
    if (await cover(this.picture.element, this.head, span.frame, stretches(this.#source, span, place.range))) await this.wish.covered();
    this.coverOn.focus();
  }

  /** Forget what is shown, for a record of which a part was covered. */
  forget() {
    this.legend.forget();
  }

  /** Let a person write a note here. */
  write() {
    if (this.#source) this.words.write();
  }

  /**
   * @param {number} way
   * @param {number} from
   * @param {Source[]} sources
   */
  #stepToRecording(way, from, sources) {
    const sorted = sources.filter((source) => (way > 0 ? source.start > from : endOf(source) <= from || source.start < from))
      .sort((a, b) => (a.start - b.start) * way);
    const next = sorted.find((source) => source.id !== this.#source?.id);
    if (next) this.wish.go(way > 0 ? next.start : endOf(next) - 1, next.id);
  }

  #controls() {
    this.textOn.setAttribute("aria-pressed", "false");
    this.textOn.className = "wide";
    this.player.addEventListener("state", () => {
      say(this.play, this.player.playing ? words.pause : words.play);
      say(this.rate, this.player.playing && this.player.rate !== 1 ? named.rate(this.player.rate) : "");
      this.controls.classList.toggle("playing", this.player.playing);
    });
    /** @type {HTMLButtonElement} */
    const more = el("button", { class: "narrow", type: "button", "aria-expanded": "false",
      onclick: () => more.setAttribute("aria-expanded", String(this.controls.classList.toggle("open"))) }, words.more);
    const exportOn = button(named.export, named.exportHelp, () => this.export());
    exportOn.className = "wide";
    fill(this.controls, this.play, this.gone, this.rate, el("span", { class: "space" }),
      button(words.earlier, words.earlierHelp, () => this.step(-1)),
      button(words.later, words.laterHelp, () => this.step(1)), more, el("span", { class: "space wide line" }), this.textOn,
      el("span", { class: "wide" }, button(named.note, named.noteHelp, () => this.write()),
        button(named.link, named.linkHelp, () => this.wish.copy()), this.save, this.coverOn), exportOn);
    return this.controls;
  }

  #refresh() {
    if (!this.record.ready) return;
    const [source, at] = [this.#source, this.#at];
    const nothing = source === null || at === null;
    show(this.empty, nothing);
    show(this.stage, !nothing);
    show(this.words.element, !nothing);
    this.root.classList.toggle("nothing", nothing);
    if (nothing) this.#nothing();
    else this.#something(source, at);
  }

  /**
   * @param {Source} source
   * @param {number} at
   */
  #something(source, at) {
    const lane = this.record.laneOf(source.id);
    say(this.title, lane?.name ?? source.name);
    say(this.time, clock(at));
    this.time.title = words.here(moment(at), utc(at));
    this.#aboutSource(source, lane);
    this.#othersAt(at, source);
    const span = this.record.spanAt(source.id, at);
    const all = endOf(source) - source.start;
    say(this.gone, `${offset(at - source.start)} / ${offset(all)}`);
    if (span) {
      this.picture.show(span.frame, words.at(lane?.name ?? source.name, clock(at)));
      this.save.href = image(span.frame);
      this.save.download = `${source.name} ${new Date(at).toISOString().slice(0, 19).replaceAll(":", "-")}`;
    } else this.picture.none(this.#why(source, at));
    show(this.save, span !== null);
    this.legend.show(span?.frame ?? null);
    this.words.place(at, source);
  }

  /**
   * @param {Source} source
   * @param {number} at
   */
  #why(source, at) {
    if (!this.record.knows(at, at)) return "";
    if (source.state === "new" || source.state === "processing") return words.unseen;
    if (source.media && !source.media.video) return words.sound;
    return words.noPicture;
  }

  /**
   * @param {Source} source
   * @param {Lane | undefined} lane
   */
  #aboutSource(source, lane) {
    const doubt = source.time_confidence === "low";
    const from = words.from[source.time_source] ?? source.time_source;
    const key = [source.name, source.time_source, source.time_confidence, source.state, lane?.name].join("\n");
    if (this.about.dataset.key === key) return;
    this.about.dataset.key = key;
    const state = source.state === "ready" ? "" : words.states[source.state];
    fill(this.about, el("span", { title: source.time_evidence }, `${lane?.name === source.name ? "" : `${source.name} · `}${from}${state}`),
      doubt && el("button", { class: "doubt", type: "button", onclick: () => this.wish.fix() }, words.doubtful));
  }

  /**
   * @param {number} at
   * @param {Source} source
   */
  #othersAt(at, source) {
    const others = this.record.at(at).filter((other) => other.id !== source.id);
    const key = others.map((other) => other.id).join();
    if (this.others.dataset.key === key) return;
    this.others.dataset.key = key;
    fill(this.others, others.slice(0, 6).map((other) => el("button", {
      class: "pill", type: "button", title: other.name, onclick: () => this.#at !== null && this.wish.go(this.#at, other.id),
    }, this.record.laneOf(other.id)?.name ?? other.name)));
  }

  #nothing() {
    if (!this.record.sources.size) {
      fill(this.empty, el("h1", {}, words.empty),
        el("p", {}, words.emptyWhy),
        el("button", { class: "pill strong", type: "button", onclick: () => this.wish.choose() }, text.intake.choose));
      return;
    }
    if (this.#at === null || !this.record.whole) return;
    const at = this.#at;
    const all = [...this.record.sources.values()];
    const before = all.filter((source) => endOf(source) <= at).sort((a, b) => endOf(b) - endOf(a))[0];
    const later = all.filter((source) => source.start > at).sort((a, b) => a.start - b.start)[0];
    fill(this.empty, el("h1", {}, words.nothing, timed(clock(at), at, utc)),
      el("p", {}, words.nearest), el("div", { class: "row" },
        before && this.#near(before, endOf(before) - 1, words.before(length(at - endOf(before)))),
        later && this.#near(later, later.start, words.after(length(later.start - at)))));
    announce(words.nothingAt(clock(at)));
  }

  /**
   * @param {Source} source
   * @param {number} at
   * @param {string} how
   */
  #near(source, at, how) {
    return el("button", { class: "pill", type: "button", title: moment(at), onclick: () => this.wish.go(at, source.id) },
      words.near(how, source.name));
  }
}
