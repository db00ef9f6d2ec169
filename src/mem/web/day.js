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
import { text } from "/web/strings.js";

const NEAR_MS = 20 * 60_000; // looked at around the instant, whatever the timeline shows
const EXPORTED_MS = 60_000; // chosen around the instant at first
const KNOWN_FROM = {
  caller: "time given", sidecar: "time from the file beside it", filename: "time from file name",
  container: "time from the recording", mtime: "time from the file's date",
};

/** `wish`: go(at, source), choose() files, fix() doubtful times, copy() the link, range({from, to}). */
export class Day {
  #at = null;
  #source = null;

  constructor(root, record, wish) {
    this.root = root;
    this.record = record;
    this.wish = wish;
    this.title = el("h1");
    this.time = el("span", { class: "now" });
    this.about = el("p", { class: "about" });
    this.others = el("div", { class: "others", role: "group", "aria-label": "Also recorded then" });
    this.empty = el("div", { class: "empty", hidden: true });
    this.picture = new Picture();
    this.player = new Player(this.picture.element, (at) => wish.go(at, this.#source?.id ?? null, { playing: true }),
      (at, way) => this.step(way, at));
    this.legend = new Legend();
    this.picture.element.append(this.legend.element);
    this.words = new Words(record, wish);
    this.legend.addEventListener("lines", (event) => this.words.read(event.detail));
    this.head = el("header", { class: "day-head" }, this.title, this.time, this.about, this.others);
    this.stage = el("div", { class: "stage" }, this.head, el("div", { class: "frame" }, this.picture.element, this.#controls()));
    fill(root, this.stage, this.words.element, this.empty);
    record.addEventListener("spans", () => this.#refresh());
    record.addEventListener("sources", () => this.#refresh());
  }

  /** Show the instant. */
  place(at, sourceId, playing = false) {
    const source = this.record.sources.get(sourceId) ?? null;
    if (!playing && (at !== this.#at || source?.id !== this.#source?.id)) this.player.rest();
    this.#at = at;
    this.#source = source;
    if (at !== null) this.record.ensure(at - NEAR_MS, at + NEAR_MS);
    this.#refresh();
  }

  /** Go to the next frame (1) or the one before (-1), into the neighbouring recording at an end. */
  step(way, from = this.#at) {
    if (from === null) return;
    const lane = this.#source && this.record.laneOf(this.#source.id);
    if (!lane) return this.#stepToRecording(way, from, this.record.lanes.flatMap((each) => each.sources));
    const { spans } = this.record.track(this.#source.id);
    const here = lastBefore(spans, from);
    const next = way > 0 ? spans[here + 1] : spans[here]?.start < from - 1000 ? spans[here] : spans[here - 1];
    if (next) return this.wish.go(next.start, this.#source.id);
    return this.#stepToRecording(way, from, lane.sources);
  }

  /** Play or pause. */
  toggle() {
    if (this.#source) this.player.toggle(this.#source, this.#at);
  }

  /** Play on (1) or backwards (-1), faster each time. */
  faster(way) {
    if (this.#source) this.player.faster(way, this.#source, this.#at);
  }

  /** One picture of the film further on or back where it is open, else one frame. */
  nudge(way) {
    if (this.#source && !this.player.nudge(this.#source, this.#at, way)) this.step(way);
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

  /** Let a person write a note here. */
  write() {
    if (this.#source) this.words.write();
  }

  #stepToRecording(way, from, sources) {
    const sorted = sources.filter((source) => (way > 0 ? source.start > from : endOf(source) <= from || source.start < from))
      .sort((a, b) => (a.start - b.start) * way);
    const next = sorted.find((source) => source.id !== this.#source?.id);
    if (next) this.wish.go(way > 0 ? next.start : endOf(next) - 1, next.id);
  }

  #controls() {
    const { moment: words } = text;
    const button = (name, title, onclick) => el("button", { type: "button", title, onclick }, name);
    this.play = button("Play", "Space", () => this.toggle());
    this.gone = el("span", { class: "gone" });
    this.rate = el("span", { class: "gone" });
    this.save = el("a", { download: "", class: "save" }, words.save);
    this.textOn = button(words.text, words.textHelp, () => this.mark());
    this.textOn.setAttribute("aria-pressed", "false");
    this.player.addEventListener("state", () => {
      say(this.play, this.player.playing ? "Pause" : "Play");
      say(this.rate, this.player.playing && this.player.rate !== 1 ? words.rate(this.player.rate) : "");
      this.controls.classList.toggle("playing", this.player.playing);
    });
    this.controls = el("div", { class: "controls" }, this.play, this.gone, this.rate, el("span", { class: "space" }),
      button("Earlier", "The frame before: arrow left", () => this.step(-1)),
      button("Later", "The next frame: arrow right", () => this.step(1)), el("span", { class: "space wide" }), this.textOn,
      el("span", { class: "wide" }, button(words.note, words.noteHelp, () => this.write()),
        button(words.link, words.linkHelp, () => this.wish.copy()), this.save),
      button(words.export, words.exportHelp, () => this.export()));
    return this.controls;
  }

  #refresh() {
    if (!this.record.ready) return;
    const nothing = this.#source === null;
    show(this.empty, nothing);
    show(this.stage, !nothing);
    show(this.words.element, !nothing);
    this.root.classList.toggle("nothing", nothing);
    if (nothing) this.#nothing();
    else this.#something(this.#source, this.#at);
  }

  #something(source, at) {
    const lane = this.record.laneOf(source.id);
    say(this.title, lane?.name ?? source.name);
    say(this.time, clock(at));
    this.time.title = `${moment(at)} here, ${utc(at)}`;
    this.#aboutSource(source, lane);
    this.#othersAt(at, source);
    const span = this.record.spanAt(source.id, at);
    const all = endOf(source) - source.start;
    say(this.gone, `${offset(at - source.start)} / ${offset(all)}`);
    if (span) {
      this.picture.show(span.frame, `${lane?.name ?? source.name} at ${clock(at)}`);
      this.save.href = image(span.frame.id);
      this.save.download = `${source.name} ${new Date(at).toISOString().slice(0, 19).replaceAll(":", "-")}`;
    } else this.picture.none(this.#why(source, at));
    show(this.save, span !== null);
    this.legend.show(span?.frame ?? null);
    this.words.place(at, source);
  }

  #why(source, at) {
    if (!this.record.knows(at, at)) return "";
    if (source.state === "new" || source.state === "processing") return "This part has not been looked at yet.";
    if (source.media && !source.media.video) return "Sound only";
    return "No picture of this instant was kept.";
  }

  #aboutSource(source, lane) {
    const doubt = source.time_confidence === "low";
    const from = KNOWN_FROM[source.time_source] ?? source.time_source;
    const key = [source.name, source.time_source, source.time_confidence, source.state, lane?.name].join("\n");
    if (this.about.dataset.key === key) return;
    this.about.dataset.key = key;
    const state = { new: " · waiting", processing: " · being taken in", partial: " · only partly readable", failed: " · could not be taken in" }[source.state];
    fill(this.about, el("span", { title: source.time_evidence }, `${lane?.name === source.name ? "" : `${source.name} · `}${from}${state ?? ""}`),
      doubt && el("button", { class: "doubt", type: "button", onclick: () => this.wish.fix() }, "time doubtful"));
  }

  #othersAt(at, source) {
    const others = this.record.at(at).filter((other) => other.id !== source.id);
    const key = others.map((other) => other.id).join();
    if (this.others.dataset.key === key) return;
    this.others.dataset.key = key;
    fill(this.others, others.slice(0, 6).map((other) => el("button", {
      class: "pill", type: "button", title: other.name, onclick: () => this.wish.go(this.#at, other.id),
    }, this.record.laneOf(other.id)?.name ?? other.name)));
  }

  #nothing() {
    if (!this.record.sources.size) {
      fill(this.empty, el("h1", {}, "Drop a recording anywhere"),
        el("p", {}, "Mem finds out when it was recorded, keeps the frames that show something new, and writes down what was said."),
        el("button", { class: "pill strong", type: "button", onclick: () => this.wish.choose() }, "Choose files"));
      return;
    }
    if (this.#at === null || !this.record.whole) return;
    const at = this.#at;
    const all = [...this.record.sources.values()];
    const before = all.filter((source) => endOf(source) <= at).sort((a, b) => endOf(b) - endOf(a))[0];
    const later = all.filter((source) => source.start > at).sort((a, b) => a.start - b.start)[0];
    fill(this.empty, el("h1", {}, "Nothing was recorded at ", timed(clock(at), at, utc)),
      el("p", {}, "The nearest recordings:"), el("div", { class: "row" },
        before && this.#near(before, endOf(before) - 1, `${length(at - endOf(before))} before`),
        later && this.#near(later, later.start, `${length(later.start - at)} after`)));
    announce(`Nothing was recorded at ${clock(at)}`);
  }

  #near(source, at, text) {
    return el("button", { class: "pill", type: "button", title: moment(at), onclick: () => this.wish.go(at, source.id) },
      `${text}: ${source.name}`);
  }
}
