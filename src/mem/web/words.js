// What was said around an instant, the word being spoken underlined; notes stand between the lines.

import { send } from "/web/api.js";
import { announce, el, fill, say, show, still, timed, within } from "/web/dom.js";
import { MINUTE, clock, iso, utc } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { lastBefore } from "/web/record.js";
import { correction } from "/web/correcting.js";
import { noteRow, parted } from "/web/notes.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */
/** @import { Line, Note, Shown, Source, Wish } from "types/page" */

const AROUND = 20 * MINUTE; // shown before and after the instant at first
const PATIENCE_MS = 4000; // after a person scrolled, the list stays where it was put

/** @typedef {"said" | "shown" | "noted"} Tab */

export class Words {
  /** @type {Source | null} */
  #source = null;
  #at = 0;
  #from = 0;
  #to = 0;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** @type {HTMLElement | null} */
  #current = null;
  /** @type {Element | null} */
  #spoken = null;
  #touched = -Infinity;
  /** @type {Tab} */
  #only = "said";
  /** @type {Shown[] | null} */
  #lines = null; // read off the picture; null while that is not known

  /**
   * @param {Record} record
   * @param {Pick<Wish, "go" | "tell">} wish
   */
  constructor(record, wish) {
    this.record = record;
    this.wish = wish;
    this.said = el("button", { type: "button", "aria-pressed": "true", onclick: () => this.#choose("said") }, text.words.said);
    this.shown = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#choose("shown") }, text.moment.shown);
    this.noted = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#choose("noted") }, text.words.notes(0));
    this.list = el("ol", { class: "said", tabindex: 0, "aria-label": text.words.list,
      onkeydown: (event) => this.#key(event), onclick: (event) => this.#click(event),
      onscroll: () => this.#widen() });
    for (const type of ["wheel", "touchmove", "keydown"]) {
      this.list.addEventListener(type, () => (this.#touched = performance.now()), { passive: true });
    }
    this.none = el("p", { class: "none" });
    this.note = el("input", { type: "text", maxlength: 2000, autocomplete: "off" });
    this.form = el("form", { class: "add-note", onsubmit: (event) => this.#add(event), onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
    } }, this.note, el("button", { class: "pill" }, text.words.add));
    this.element = el("aside", { class: "words", "aria-label": text.words.name },
      el("div", { class: "tabs", role: "group", "aria-label": text.words.name }, this.said, this.shown, this.noted), this.list, this.none, this.form);
    this.note.addEventListener("input", () => this.#offer());
  }

  /**
   * Show the words around the instant of this recording.
   * @param {number} at
   * @param {Source} source
   */
  place(at, source) {
    const moved = source.id !== this.#source?.id || at < this.#from || at > this.#to;
    this.#source = source;
    this.#at = at;
    if (moved) {
      [this.#from, this.#to] = [at - AROUND, at + AROUND];
      this.#rows.clear();
      this.#touched = -Infinity;
    }
    this.#fill();
    this.#follow(moved);
    this.#offer();
  }

  /**
   * The lines of text on the picture that is shown; null while they are not known.
   * @param {Shown[] | null} lines
   */
  read(lines) {
    this.#lines = lines;
    if (this.#source && this.#only === "shown") this.#fill();
  }

  /** Let a person write a note at the instant. */
  write() {
    this.note.focus();
  }

  /** @param {Tab} which */
  #choose(which) {
    this.#only = which;
    for (const [name, tab] of Object.entries({ said: this.said, shown: this.shown, noted: this.noted })) {
      tab.setAttribute("aria-pressed", String(which === name));
    }
    this.#fill();
    this.#follow(true);
  }

  /**
   * The rows that the chosen tab holds, in the order of time.
   * @param {Source} source
   * @returns {(Line | Note | Shown)[]}
   */
  #inSight(source) {
    const notes = [...this.record.notes.values()].filter((note) => note.source_id === source.id
      || (note.source_id === null && note.start < endOf(source) && note.end >= source.start));
    say(this.noted, text.words.notes(notes.length));
    if (this.#only === "noted") return notes.sort(byTime);
    if (this.#only === "shown") return this.#lines ?? [];
    const { segments } = this.record.track(source.id);
    const lines = segments.filter((line) => line.end > this.#from && line.start < this.#to);
    return [...lines, ...notes.filter((note) => note.end >= this.#from && note.start < this.#to)].sort(byTime);
  }

  #fill() {
    if (!this.#source) return;
    const rows = this.#inSight(this.#source);
    const keep = new Set();
    const nodes = rows.map((row) => {
      const key = keyOf(row);
      keep.add(key);
      const node = this.#rows.get(key) ?? this.#row(row);
      this.#rows.set(key, node);
      return node;
    });
    for (const key of this.#rows.keys()) if (!keep.has(key)) this.#rows.delete(key);
    const same = nodes.length === this.list.children.length && nodes.every((node, i) => node === this.list.children[i]);
    if (!same) this.list.replaceChildren(...nodes);
    show(this.list, nodes.length > 0);
    show(this.none, nodes.length === 0);
    say(this.none, this.#why(this.#source));
  }

  /** @param {Line | Note | Shown} row */
  #row(row) {
    const again = () => {
      this.#rows.clear();
      if (this.#source) this.record.refresh(this.#source.id).catch(() => undefined);
    };
    if ("box" in row) return shownLine(row);
    if (!("author" in row)) return line(row, again, this.wish.tell);
    return noteRow(row, stamp(row), (gone) => {
      if (gone) this.record.notes.delete(gone.id);
      again();
    }, this.wish.tell);
  }

  /** @param {Source} source */
  #why({ state, media }) {
    if (this.#only === "shown") return this.#lines === null ? "" : text.moment.noText;
    if (this.#only === "noted") return text.words.noNotes;
    if (!this.record.knows(this.#from, this.#to)) return "";

    if (state === "new" || state === "processing") return text.words.coming;
    if (media && !media.audio && media.video) return text.words.silent;
    return text.words.nothing;
  }

  /** @param {boolean} jumped */
  #follow(jumped) {
    if (!this.#source) return;
    const { segments } = this.record.track(this.#source.id);
    const found = segments[lastBefore(segments, this.#at)];
    /** @type {HTMLElement | null} */
    const near = found ? this.list.querySelector(`[data-segment="${found.id}"]`) : null;
    const speaking = found && this.#at < found.end ? near : null;
    if (speaking !== this.#current) {
      this.#current?.classList.remove("current");
      this.#current?.removeAttribute("aria-current");
      speaking?.classList.add("current");
      // Only the line being spoken is a stop for the tab key, however long the transcript is.
      this.#current?.querySelector(".correct")?.setAttribute("tabindex", "-1");
      speaking?.querySelector(".correct")?.setAttribute("tabindex", "0");
      speaking?.setAttribute("aria-current", "true");
      this.#current = speaking;
    }
    this.#underline(speaking ? found : null, speaking);
    if (near && (jumped || performance.now() - this.#touched > PATIENCE_MS)) this.#reveal(near, jumped);
  }

  /**
   * @param {Line | null} segment
   * @param {HTMLElement | null} row
   */
  #underline(segment, row) {
    const word = segment ? row?.querySelectorAll("p [data-at]")[lastBefore(segment.words, this.#at)] ?? null : null;
    if (word === this.#spoken) return;
    this.#spoken?.classList.remove("spoken");
    word?.classList.add("spoken");
    this.#spoken = word;
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} jumped
   */
  #reveal(row, jumped) {
    const [box, place] = [this.list.getBoundingClientRect(), row.getBoundingClientRect()];
    const share = (place.top - box.top) / Math.max(1, box.height);
    if (share > 0.1 && place.bottom < box.bottom - 0.2 * box.height) return;
    const top = this.list.scrollTop + place.top - box.top - box.height * 0.35;
    this.list.scrollTo({ top, behavior: jumped || still.matches ? "instant" : "smooth" });
  }

  /** Near an end of the list, show and fetch more of the recording. */
  #widen() {
    if (!this.#source || this.#only !== "said") return;
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (scrollTop + clientHeight > scrollHeight - 200 && this.#to < endOf(this.#source)) {
      this.record.ensure(this.#to, (this.#to += AROUND));
      this.#fill();
    } else if (scrollTop < 60 && this.#from > this.#source.start) {
      this.record.ensure((this.#from -= AROUND), this.#from + AROUND);
      this.#fill();
      this.list.scrollTop += this.list.scrollHeight - scrollHeight;
    }
  }

  /**
   * One stop for the tab key, however long the transcript is.
   * @param {KeyboardEvent} event
   */
  #key(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    if (!this.#source) return;
    const rows = this.#inSight(this.#source);
    const here = lastBefore(rows, this.#at);
    const next = event.key === "ArrowDown" ? rows[here + 1] : rows[here - (rows[here]?.start === this.#at ? 1 : 0)];
    if (next) this.wish.go(next.start, this.#source.id);
    this.#touched = -Infinity;
  }

  /** @param {Event} event */
  #click(event) {
    const target = within(event, "[data-at]");
    if (target && this.#source && String(getSelection()) === "") this.wish.go(Number(target.dataset.at), this.#source.id);
  }

  #offer() {
    const name = text.words.at(clock(this.#at));
    if (this.note.placeholder === name) return;
    this.note.placeholder = name;
    this.note.setAttribute("aria-label", name);
  }

  /** @param {Event} event */
  async #add(event) {
    event.preventDefault();
    const typed = this.note.value.trim();
    if (!typed || !this.#source) return;
    try {
      await send("POST", "/api/notes", { source_id: this.#source.id, start: iso(this.#at), ...parted(typed) });
      this.note.value = "";
      announce(text.words.added);
      await this.record.refresh(this.#source.id);
    } catch (problem) {
      this.wish.tell(String(problem));
    }
  }
}

/**
 * @param {Line | Note} a
 * @param {Line | Note} b
 */
const byTime = (a, b) => a.start - b.start || a.id - b.id;

/**
 * @param {Line} segment
 * @param {() => void} changed
 * @param {Wish["tell"]} tell
 */
function line(segment, changed, tell) {
  const spaced = segment.words.some((word) => /^\s/.test(word.text)) || !segment.text.includes(" ");
  const spoken = segment.words.length
    ? segment.words.map((word, i) => {
      const gap = i === 0 ? "" : spaced ? word.text.slice(0, word.text.search(/\S|$/)) : " ";
      return [gap, el("span", { "data-at": word.start }, word.text.trim())];
    })
    : segment.text;
  const said = el("p", { lang: segment.language }, spoken);
  return el("li", { "data-segment": segment.id }, stamp(segment), el("div", {}, said, correction(segment, said, changed, tell)));
}

/** @param {Shown} row */
function shownLine(row) {
  return el("li", { class: "shown-line" }, stamp(row), el("p", {}, row.text));
}

/**
 * A name for the row as it is now.
 * @param {Line | Note | Shown} row
 */
function keyOf(row) {
  if ("box" in row) return `t${row.id}:${row.start}`;
  return "author" in row ? `n${row.id}:${row.start}:${row.updated_at}` : `s${row.id}:${row.start}:${row.edited_at ?? ""}`;
}

/** @param {{ start: number }} row */
function stamp(row) {
  return el("button", { type: "button", class: "stamp", tabindex: -1, "data-at": row.start }, timed(clock(row.start), row.start, utc));
}
