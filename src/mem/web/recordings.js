// Rows of recordings whose name, place and time can be changed, and which can be deleted.

import { send } from "/web/api.js";
import { announce, el, fill, show, timed } from "/web/dom.js";
import { fromInput, iso, length, moment, toInput, utc } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */
/** @import { Source, Wish } from "types/page" */

const words = text.recordings;
const SHOWN = 200;

/** A list; with `open` every row shows its form. `wish`: open(source id), tell(text). */
export class Recordings {
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {Record} record
   * @param {Pick<Wish, "open" | "tell">} wish
   * @param {{ open: boolean }} how
   */
  constructor(record, wish, { open }) {
    this.record = record;
    this.wish = wish;
    this.open = open;
    this.element = el("ol", { class: "rows" });
  }

  /** @param {Source[]} sources */
  set(sources) {
    const before = this.#rows;
    this.#rows = new Map();
    for (const source of sources.slice(0, SHOWN)) {
      const key = JSON.stringify([source.id, source.start, source.end, source.name, source.location, source.state, source.time_confidence]);
      this.#rows.set(key, before.get(key) ?? this.#row(source));
    }
    const rows = [...this.#rows.values()];
    const same = rows.length === this.element.children.length && rows.every((row, i) => row === this.element.children[i]);
    if (!same) this.element.replaceChildren(...rows);
  }

  /** @param {Source} source */
  #row(source) {
    const form = this.#form(source);
    show(form, this.open);
    const change = el("button", { class: "quiet", type: "button", "aria-expanded": String(this.open), "aria-label": words.changeOf(source.name),
      onclick: () => {
        show(form, form.hidden);
        change.setAttribute("aria-expanded", String(!form.hidden));
      } }, words.change);
    const begin = source.time_confidence === "low" ? words.probably : "";
    return el("li", {}, el("div", { class: "grow" },
      el("p", {}, el("b", {}, source.name), source.location && el("span", { class: "muted" }, ` ${source.location}`)),
      el("p", { class: "words-of" }, begin, timed(moment(source.start), source.start, utc),
        words.time(length(endOf(source) - source.start)),
        el("span", { title: source.time_evidence }, words.guessed[source.time_source] ?? source.time_source)),
      this.open && el("p", { class: "muted" }, source.time_evidence), form),
    el("div", { class: "row" },
      el("button", { class: "pill", type: "button", "aria-label": words.openOf(source.name), onclick: () => this.wish.open(source.id) }, words.open),
      this.open ? null : change));
  }

  /** @param {Source} source */
  #form(source) {
    const began = el("input", { type: "datetime-local", step: 1, required: true, value: toInput(source.start) });
    const at = () => {
      const chosen = fromInput(began.value);
      // The input knows whole seconds: an untouched one means the instant itself.
      return began.value === toInput(source.start) ? source.start : chosen;
    };
    const name = el("input", { type: "text", maxlength: 300, required: true, value: source.name });
    const where = el("input", { type: "text", maxlength: 200, value: source.location ?? "" });
    const save = el("button", { class: "pill strong" }, this.open ? words.itBegan : words.save);
    /** @type {HTMLFormElement} */
    const form = el("form", { class: "fields", onsubmit: (event) => {
      event.preventDefault();
      const moved = this.open || at() !== source.start ? { started_at: iso(at()) } : {};
      const change = this.open ? moved : { ...moved, name: name.value.trim(), location: where.value.trim() || null };
      this.#do(form, () => send("PATCH", `/api/sources/${source.id}`, change), source.id, words.changed(source.name));
    } },
    !this.open && el("label", {}, el("span", {}, words.name), name), !this.open && el("label", {}, el("span", {}, words.place), where),
    el("label", {}, el("span", {}, words.began), began), save,
    !this.open && el("button", { class: "danger", type: "button", onclick: () => this.#delete(source, form) }, words.delete),
    !this.open && el("p", { class: "muted said-in" }, words.said, words.formats.map(([ending, name]) =>
      el("a", { href: `/api/sources/${source.id}/transcript.${ending}`, download: `${source.name}.${ending}` }, name))));
    return form;
  }

  /**
   * @param {HTMLElement} form
   * @param {() => Promise<unknown>} act
   * @param {number} id
   * @param {string} done
   */
  async #do(form, act, id, done) {
    form.inert = true;
    try {
      await act();
      announce(done);
      await this.record.refresh(id);
      return true;
    } catch (problem) {
      this.wish.tell(String(problem));
      return false;
    } finally {
      form.inert = false;
    }
  }

  /**
   * @param {Source} source
   * @param {HTMLElement} form
   */
  #delete(source, form) {
    const dialog = el("dialog", { class: "ask", "aria-label": words.deleteTitle });
    const close = () => dialog.close();
    fill(dialog, el("h2", {}, words.deleteAsk(source.name)),
      el("p", {}, words.deleteWhat(moment(source.start), length(endOf(source) - source.start)),
        source.original ? words.deleteOriginal : words.deleteFile, words.final),
      el("div", { class: "row" }, el("button", { class: "pill", type: "button", autofocus: true, onclick: close }, words.keep),
        el("button", { class: "pill danger", type: "button", onclick: () => {
          close();
          this.#do(form, () => send("DELETE", `/api/sources/${source.id}`), source.id, words.deleted(source.name));
        } }, words.delete)));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}
