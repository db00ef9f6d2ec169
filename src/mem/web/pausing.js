// Pausing: for a while, or until somebody goes on, nothing is taken in. The bar says so on every screen.

import { get, send } from "/web/api.js";
import { announce, el, fill, show } from "/web/dom.js";
import { HOUR, dayStart, iso, minutes, moment } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Wish } from "types/page" */
/** @import { PauseRequest, Privacy } from "types/shapes" */

const words = text.pause;
const AGAIN_MS = 60_000;

export class Pausing {
  #timer = 0;

  /**
   * `mark` stands in the bar; `wish.tell(text)` says what went wrong.
   * @param {HTMLElement} mark
   * @param {Pick<Wish, "tell">} wish
   */
  constructor(mark, wish) {
    this.mark = mark;
    this.wish = wish;
    this.what = el("p", { role: "status" });
    this.choices = el("div", { class: "row", id: "pauses", role: "group", "aria-label": words.menu, hidden: true },
      this.#choice(words.hour, () => iso(Date.now() + HOUR)), this.#choice(words.day, () => iso(dayStart(Date.now(), 1))), this.#choice(words.open, () => null));
    this.stop = el("button", { class: "pill", type: "button", "aria-expanded": "false", "aria-controls": "pauses", onclick: () => this.#open(this.choices.hidden) }, words.stop);
    this.resume = el("button", { class: "pill strong", type: "button", hidden: true, onclick: () => this.#ask("resume") }, words.resume);
    this.element = el("div", { class: "pausing", hidden: true }, this.what, el("span", { class: "space" }), this.choices, this.stop, this.resume);
  }

  /** Look how it is, and keep looking. */
  async look() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), AGAIN_MS);
    try {
      this.#show(await get("/api/privacy"));
    } catch {
      // Away, or not for this caller: what was seen last stays.
    }
  }

  /**
   * @param {string} name
   * @param {() => string | null} until
   */
  #choice(name, until) {
    return el("button", { class: "pill", type: "button", onclick: () => this.#ask("pause", { until: until() }) }, name);
  }

  /** @param {boolean} open */
  #open(open) {
    show(this.choices, open);
    this.stop.setAttribute("aria-expanded", String(open));
    if (open) this.choices.querySelector("button")?.focus();
  }

  /**
   * @param {"pause" | "resume"} what
   * @param {PauseRequest} [body]
   */
  async #ask(what, body = undefined) {
    try {
      this.#show(await send("POST", `/api/privacy/${what}`, body));
      this.#open(false);
      announce(what === "pause" ? words.paused : words.resumed);
      (what === "pause" ? this.resume : this.stop).focus();
    } catch (problem) {
      this.wish.tell(String(problem));
    }
  }

  /** @param {Privacy} privacy */
  #show({ paused, until, since, by, rules, mask }) {
    const end = until && Date.parse(until);
    show(this.element, true);
    this.element.classList.toggle("on", paused);
    const kept = [mask.length && words.masked(mask.length), rules && words.excluded(rules)];
    const now = paused ? [words.off(end ? when(end) : ""), words.why] : [words.on, ...kept];
    fill(this.what, now.filter(Boolean).join(" "));
    this.what.title = paused ? [since && words.since(moment(Date.parse(since))), by && words.by(by)].filter(Boolean).join(" ") : "";
    if (paused) this.#open(false);
    show(this.stop, !paused);
    show(this.resume, paused);
    show(this.mark, paused);
    fill(this.mark, paused && words.short);
    if (paused && end) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.look(), Math.max(1000, Math.min(AGAIN_MS, end - Date.now() + 500)));
    }
  }
}

/**
 * The time alone where it is today.
 * @param {number} at
 */
const when = (at) => (at <= dayStart(Date.now(), 1) ? minutes(at) : moment(at));
