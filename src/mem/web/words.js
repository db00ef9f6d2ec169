// What was said around an instant, the word being spoken underlined; notes stand between the lines.

import { send } from "/web/api.js";
import { announce, el, fill, say, show, still, timed } from "/web/dom.js";
import { MINUTE, clock, iso, utc } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { lastBefore } from "/web/record.js";
import { correction } from "/web/correcting.js";
import { noteRow, parted } from "/web/notes.js";
import { text } from "/web/strings.js";

const AROUND = 20 * MINUTE; // shown before and after the instant at first
const PATIENCE_MS = 4000; // after a person scrolled, the list stays where it was put

export class Words {
  #source = null;
  #at = null;
  #from = 0;
  #to = 0;
  #rows = new Map();
  #current = null;
  #spoken = null;
  #touched = -Infinity;
  #only = "said";
  #lines = null; // read off the picture; null while that is not known

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
    this.form = el("form", { class: "add-note", onsubmit: (event) => this.#add(event) }, this.note, el("button", { class: "pill" }, text.words.add));
    this.element = el("aside", { class: "words", "aria-label": text.words.name },
      el("div", { class: "tabs", role: "group", "aria-label": text.words.name }, this.said, this.shown, this.noted), this.list, this.none, this.form);
    this.note.addEventListener("input", () => this.#offer());
  }

  /** Show the words around the instant of this recording. */
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

  /** The lines of text on the picture that is shown; null while they are not known. */
  read(lines) {
    this.#lines = lines;
    if (this.#source && this.#only === "shown") this.#fill();
  }

  /** Let a person write a note at the instant. */
  write() {
    this.note.focus();
  }

  #choose(which) {
    this.#only = which;
    for (const [name, tab] of [["said", this.said], ["shown", this.shown], ["noted", this.noted]]) {
      tab.setAttribute("aria-pressed", String(which === name));
    }
    this.#fill();
    this.#follow(true);
  }

  #inSight() {
    const source = this.#source;
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
    const rows = this.#inSight();
    const keep = new Set();
    const nodes = rows.map((row) => {
      const kind = row.box ? "t" : row.author === undefined ? "s" : "n";
      const key = `${kind}${row.id}:${row.start}:${row.updated_at ?? row.edited_at ?? ""}`;
      keep.add(key);
      if (!this.#rows.has(key)) this.#rows.set(key, this.#row(kind, row));
      return this.#rows.get(key);
    });
    for (const key of this.#rows.keys()) if (!keep.has(key)) this.#rows.delete(key);
    const same = nodes.length === this.list.children.length && nodes.every((node, i) => node === this.list.children[i]);
    if (!same) this.list.replaceChildren(...nodes);
    show(this.list, nodes.length > 0);
    show(this.none, nodes.length === 0);
    say(this.none, this.#why());
  }

  #row(kind, row) {
    const again = () => {
      this.#rows.clear();
      this.record.refresh(this.#source.id).catch(() => undefined);
    };
    if (kind === "s") return line(row, again, this.wish.tell);
    if (kind === "t") return shownLine(row);
    return noteRow(row, stamp(row), (gone) => {
      if (gone) this.record.notes.delete(gone.id);
      again();
    }, this.wish.tell);
  }

  #why() {
    if (this.#only === "shown") return this.#lines === null ? "" : text.moment.noText;
    if (this.#only === "noted") return text.words.noNotes;
    if (!this.record.knows(this.#from, this.#to)) return "";
    const { state, media } = this.#source;
    if (state === "new" || state === "processing") return text.words.coming;
    if (media && !media.audio && media.video) return text.words.silent;
    return text.words.nothing;
  }

  #follow(jumped) {
    const { segments } = this.record.track(this.#source.id);
    const found = segments[lastBefore(segments, this.#at)];
    const near = found && [...this.list.children].find((row) => Number(row.dataset.segment) === found.id);
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

  #underline(segment, row) {
    const word = segment ? row?.querySelectorAll("p [data-at]")[lastBefore(segment.words, this.#at)] ?? null : null;
    if (word === this.#spoken) return;
    this.#spoken?.classList.remove("spoken");
    word?.classList.add("spoken");
    this.#spoken = word;
  }

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

  // One stop for the tab key, however long the transcript is.
  #key(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const rows = this.#inSight();
    const here = lastBefore(rows, this.#at);
    const next = event.key === "ArrowDown" ? rows[here + 1] : rows[here - (rows[here]?.start === this.#at ? 1 : 0)];
    if (next) this.wish.go(next.start, this.#source.id);
    this.#touched = -Infinity;
  }

  #click(event) {
    const target = event.target.closest("[data-at]");
    if (target && String(getSelection()) === "") this.wish.go(Number(target.dataset.at), this.#source.id);
  }

  #offer() {
    const name = text.words.at(clock(this.#at));
    if (this.note.placeholder === name) return;
    this.note.placeholder = name;
    this.note.setAttribute("aria-label", name);
  }

  async #add(event) {
    event.preventDefault();
    const typed = this.note.value.trim();
    if (!typed) return;
    try {
      await send("POST", "/api/notes", { source_id: this.#source.id, start: iso(this.#at), ...parted(typed) });
      this.note.value = "";
      announce(text.words.added);
      await this.record.refresh(this.#source.id);
    } catch (problem) {
      this.wish.tell(problem.detail ?? String(problem));
    }
  }
}

const byTime = (a, b) => a.start - b.start || a.id - b.id;

function line(segment, changed, tell) {
  const spaced = segment.words.some((word) => /^\s/.test(word.text)) || !segment.text.includes(" ");
  const spoken = segment.words.length
    ? segment.words.map((word, i) => {
      const gap = i === 0 ? "" : spaced ? word.text.match(/^\s*/)[0] : " ";
      return [gap, el("span", { "data-at": word.start }, word.text.trim())];
    })
    : segment.text;
  const said = el("p", { lang: segment.language }, spoken);
  return el("li", { "data-segment": segment.id }, stamp(segment), el("div", {}, said, correction(segment, said, changed, tell)));
}

function shownLine({ text: words, start }) {
  const at = Date.parse(start);
  return el("li", { class: "shown-line" }, stamp({ start: at }), el("p", {}, words));
}

function stamp(row) {
  return el("button", { type: "button", class: "stamp", tabindex: -1, "data-at": row.start }, timed(clock(row.start), row.start, utc));
}
