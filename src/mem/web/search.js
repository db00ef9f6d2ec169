// Search: moments as they are typed, each with its picture, its time and the words that matched.

import { Problem, aborted, get, image } from "/web/api.js";
import { go, link, place } from "/web/address.js";
import { announce, el, fill, settled, show, timed, within } from "/web/dom.js";
import { DAY, dayStart, iso, length, moment, utc } from "/web/time.js";
import { THUMB } from "/web/images.js";
import { Saved } from "/web/saved.js";
import { chips } from "/web/tokens.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */
/** @import { Wish } from "types/page" */
/** @import { Hit, Moment, SearchPage } from "types/shapes" */

const PAUSE_MS = 60;
const REST_MS = 150; // pictures come once the typing rests, so that they never hold up the words
const FIRST_MS = 500; // that the record leaves the server to a question
const PAGE = 30;
const LEAD = 120; // characters before the first match of a long text
const MOST = 420; // characters of one text
/** @type {("speech" | "screen" | "note")[]} */
const KINDS = ["speech", "screen", "note"];
/** @type {SearchPage} */
const NOTHING = { moments: [], cursor: null, total: 0, counts_by_kind: {}, counts_by_source: {}, outside_range: 0, read_as: "", sources: {} };
const words = text.search;

/** `view()` gives {from, duration} of the timeline; `wish`: open(at, source), look(at, source), mark(marks). */
export class Search {
  /** @type {AbortController | null} */
  #asked = null;
  #key = "";
  /** @type {SearchPage} */
  #page = NOTHING;
  /** @type {Moment[]} */
  #moments = [];
  #chosen = -1;
  #took = 0;
  #typed = -Infinity;
  #unnamed = false;

  /**
   * @param {HTMLElement} root
   * @param {Record} record
   * @param {() => { from: number, duration: number }} view
   * @param {Pick<Wish, "look" | "mark"> & { open: Wish["go"], openSource: Wish["open"] }} wish
   */
  constructor(root, record, view, wish) {
    this.record = record;
    this.view = view;
    this.wish = wish;
    this.top = el("header", { class: "search-top" });
    this.named = el("p", { class: "row named" });
    this.list = el("ol", { class: "moments", "aria-label": words.list });
    this.foot = el("div", { class: "search-foot" });
    this.saved = new Saved((q) => go({ q, screen: "search" }));
    fill(root, this.saved.element, this.top, this.named, this.list, this.foot);
    this.list.addEventListener("click", (event) => this.#click(event));
    this.later = settled(() => this.#ask(), PAUSE_MS);
    this.pictured = settled(() => this.#picture(), REST_MS);
    // Moments that came before the recordings did learn what their lanes are called.
    record.addEventListener("sources", () => this.#unnamed && this.#show(0));
  }

  /** Look for what the address says, unless that is shown already. */
  place() {
    const { q, kind, within, of, sort } = place;
    const key = JSON.stringify([q.trim(), kind, within, of, sort]);
    const asking = q.trim() !== "";
    show(this.saved.element, !asking);
    for (const part of [this.top, this.named, this.list, this.foot]) show(part, asking);
    if (!asking) {
      this.later.cancel();
      this.#asked?.abort();
      [this.#moments, this.#key] = [[], ""];
      return this.#mark();
    }
    if (key === this.#key) return this.#mark();
    this.#key = key;
    this.record.rest(FIRST_MS);
    // The first letter after a pause asks at once, those that follow quickly wait for each other.
    const since = performance.now() - this.#typed;
    this.#typed = performance.now();
    return since > PAUSE_MS ? this.#ask() : this.later();
  }

  /** Ask again, for a record that has changed. */
  again() {
    this.#key = "";
  }

  /**
   * Keys in the search box; true when one was meant for the list.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.#choose(this.#chosen + (event.key === "ArrowDown" ? 1 : -1));
      return true;
    }
    if (event.key === "Enter" && this.#moments.length) {
      this.#open(Math.max(0, this.#chosen));
      return true;
    }
    return false;
  }

  /** @param {string | null} [cursor] */
  async #ask(cursor = null) {
    this.later.cancel();
    this.#asked?.abort();
    this.#asked = new AbortController();
    const { q, kind, of, sort } = place;
    if (!q.trim()) return;
    const began = performance.now();
    try {
      const page = await get("/api/search", { q: q.trim(), kind, source: of, sort, ...this.#range(), limit: PAGE, cursor }, this.#asked.signal);
      this.#took = performance.now() - began;
      this.#moments = cursor ? [...this.#moments, ...page.moments] : page.moments;
      this.#page = page;
      if (!cursor) this.#chosen = -1;
      this.#show(cursor ? this.#moments.length - page.moments.length : 0);
    } catch (problem) {
      if (aborted(problem)) return;
      this.#key = "";
      this.#failed(problem);
    }
  }

  #range() {
    const about = place.at ?? this.record.last() ?? Date.now();
    if (place.within === "day") return { from: iso(dayStart(about)), to: iso(dayStart(about, 1)) };
    if (place.within === "week") return { from: iso(dayStart(about, -3)), to: iso(dayStart(about, 4)) };
    if (place.within === "view") {
      const { from, duration } = this.view();
      return { from: iso(from), to: iso(from + Math.min(duration, 3660 * DAY)) };
    }
    return {};
  }

  /** @param {number} from */
  #show(from) {
    this.#unnamed = !this.record.ready;
    this.#top();
    const rows = this.#moments.slice(from).map((found, index) => row(found, from + index, this.record.laneOf(found.source_id)?.name));
    if (from === 0) fill(this.list, rows);
    else this.list.append(...rows);
    const called = Object.entries(this.#page.sources ?? {});
    fill(this.named, called.length > 0 && words.called, called.slice(0, 8).map(([id, name]) =>
      el("button", { class: "pill", type: "button", onclick: () => this.wish.openSource(Number(id)) }, name)));
    this.pictured();
    this.#foot();
    this.#mark();
    announce(this.#count());
  }

  #picture() {
    for (const picture of this.list.querySelectorAll("img")) {
      if (picture.dataset.src) picture.src = picture.dataset.src;
      delete picture.dataset.src;
    }
  }

  /** @param {unknown} problem */
  #failed(problem) {
    this.#moments = [];
    this.list.replaceChildren();
    fill(this.top);
    fill(this.named);
    fill(this.foot, el("p", { class: "none" }, problem instanceof Problem ? String(problem) : words.failed));
    this.#mark();
  }

  #top() {
    const { counts_by_kind: kinds } = this.#page;
    /**
     * @param {string} kind
     * @param {string} name
     */
    const chip = (kind, name) => el("button", { class: "pill chip", type: "button", "aria-pressed": String(place.kind === kind),
      onclick: () => go({ kind }) }, name);
    const some = KINDS.filter((kind) => kinds[kind] || place.kind === kind);
    fill(this.top, el("h1", {}, this.#count()),
      el("span", { class: "took" }, words.took(Math.max(1, Math.round(this.#took)))),
      chips(place.q, (q) => go({ q })), some.length > 1 || place.kind ? [chip("", words.all), some.map((kind) => chip(kind, `${words.kinds[kind]} ${kinds[kind] ?? 0}`))] : null,
      this.#select(words.time, words.within, place.within, (within) => go({ within })), this.#sources(),
      el("span", { class: "space" }), this.#keep(), this.#select(words.order, words.sorts, place.sort, (sort) => go({ sort })));
  }

  #keep() {
    const kept = this.saved.has(place.q);
    return el("button", { class: "pill keep", type: "button", "aria-pressed": String(kept), onclick: () => {
      this.saved.toggle(place.q);
      this.#top();
    } }, kept ? words.saved : words.save);
  }

  // The server counts matches; moments, which join those close together, are counted once all are here.
  #count() {
    const { total, cursor } = this.#page;
    return cursor ? words.matches(total) : words.moments(this.#moments.length);
  }

  #sources() {
    const ids = Object.keys(this.#page.counts_by_source).filter((id) => id !== "0");
    if (ids.length < 2 && place.of === null) return null;
    /** @type {{ [value: string]: string }} */
    const names = { "": words.anyRecording };
    for (const id of ids) names[`of${id}`] = `${this.record.sources.get(Number(id))?.name ?? words.recordingOf(id)} ${this.#page.counts_by_source[id]}`;
    if (place.of !== null) names[`of${place.of}`] ??= this.record.sources.get(place.of)?.name ?? words.recordingOf(place.of);
    return this.#select(words.recording, names, place.of === null ? "" : `of${place.of}`, (of) => go({ of: Number(of.slice(2)) || null }));
  }

  /**

   * @param {string} label
   * @param {{ [value: string]: string }} options
   * @param {string} value
   * @param {(value: string) => void} change
   */
  #select(label, options, value, change) {
    /** @type {HTMLSelectElement} */
    const select = el("select", { class: "pill", "aria-label": label, onchange: () => change(select.value) },
      Object.entries(options).map(([key, name]) => el("option", { value: key, selected: key === value }, name)));
    return select;
  }

  #foot() {
    const { outside_range: outside, cursor, total } = this.#page;
    const narrowed = place.within !== "" || place.kind !== "" || place.of !== null;
    const widen = () => go({ within: "", kind: "", of: null });
    fill(this.foot,
      total === 0 && el("p", { class: "none" }, words.none(place.q.trim(), narrowed)),
      total === 0 && this.#page.read_as && el("p", {}, words.readAs(this.#page.read_as)),
      total === 0 && el("p", {}, words.broaden),
      cursor && el("button", { class: "pill", type: "button", onclick: () => this.#ask(cursor) }, words.more),
      outside > 0 && el("p", {}, words.outside(outside),
        el("button", { class: "pill", type: "button", onclick: () => go({ within: "" }) }, words.widen)),
      total === 0 && narrowed && !outside && el("button", { class: "pill", type: "button", onclick: widen }, words.everything));
  }

  #mark() {
    this.wish.mark(this.#moments.map((found) => ({ at: startOf(found), source: found.source_id })));
  }

  /** @param {number} index */
  #choose(index) {
    if (!this.#moments.length) return;
    this.#chosen = Math.max(0, Math.min(this.#moments.length - 1, index));
    for (const [i, item] of [...this.list.children].entries()) item.classList.toggle("chosen", i === this.#chosen);
    this.list.children[this.#chosen].scrollIntoView({ block: "nearest" });
    const found = this.#moments[this.#chosen];
    announce(words.found(found.source_name ?? words.note, moment(startOf(found)), found.hits[0]?.text ?? ""));
    this.wish.look(startOf(found), found.source_id);
  }

  /** @param {number} index */
  #open(index) {
    const found = this.#moments[index];
    this.saved.asked(place.q);
    this.wish.open(startOf(found), found.source_id);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const item = within(event, "li");
    if (!item || event.metaKey || event.ctrlKey || event.shiftKey || String(getSelection()) !== "") return;
    event.preventDefault();
    this.#open([...this.list.children].indexOf(item));
  }
}

/**
 * Where the best match of a moment begins.
 * @param {Moment} found
 */
function startOf(found) {
  return Date.parse(found.hits[0]?.start ?? found.start);
}

/**
 * @param {Moment} found
 * @param {number} index
 * @param {string} [lane]
 */
function row(found, index, lane) {
  const start = startOf(found);
  const long = Date.parse(found.end) - Date.parse(found.start);
  const kinds = [...new Set(found.hits.map((hit) => hit.kind))];
  const picture = found.frame_id === null ? el("div", { class: "thumb" }, words.noPicture)
    : el("img", { class: "thumb", alt: "", loading: index < 8 ? "eager" : "lazy", "data-src": image({ id: found.frame_id }, THUMB) });
  return el("li", {}, el("a", { href: link({ screen: "day", at: start, source: found.source_id }) }, picture,
    el("div", { class: "what" },
      el("p", { class: "when" }, el("b", {}, lane ?? found.source_name ?? words.note), el("span", { class: "apart" }, " · "), timed(moment(start), start, utc)),
      el("p", { class: "text" }, found.hits.slice(0, 3).flatMap((hit, i) => [i ? " … " : "", marked(hit)])),
      el("p", { class: "why" }, kinds.map((kind) => el("span", { class: kind }, words.whys[kind] ?? kind)),
        long >= 1000 && el("span", {}, length(long)),
        found.hit_count > 1 && el("span", {}, words.matches(found.hit_count)), lane && lane !== found.source_name && el("span", {}, found.source_name)))));
}

/**
 * The text of a hit with its matches marked; the server counts characters, not UTF-16 units.
 * @param {Hit} hit
 */
export function marked(hit) {
  const characters = /[\ud800-\udfff]/.test(hit.text) ? Array.from(hit.text) : hit.text;
  /**
   * @param {number} from
   * @param {number} [to]
   */
  const cut = (from, to) => (typeof characters === "string" ? characters.slice(from, to) : characters.slice(from, to).join(""));
  const parts = [];
  // Of a long text, what stands around the first match.
  let at = Math.max(0, (hit.highlights[0]?.[0] ?? 0) - LEAD);
  if (at <= LEAD / 2) at = 0;
  else parts.push("… ");
  const end = Math.min(characters.length, at + MOST);
  for (const [from, to] of hit.highlights) {
    if (from < at || to > end) continue;
    parts.push(cut(at, from), el("mark", {}, cut(from, to)));
    at = to;
  }
  parts.push(cut(at, end), end < characters.length ? " …" : "");
  return parts;
}
