// Searches that were kept, and those asked lately; this browser remembers them.

import { el, fill, show } from "/web/dom.js";
import { text } from "/web/strings.js";

const SAVED = "mem.searches";
const RECENT = "mem.asked";
const LATELY = 6;
const MOST = 50;
const words = text.search;

/** What to show before anything was asked; `ask(q)` asks. */
export class Saved {
  /** @param {(q: string) => void} ask */
  constructor(ask) {
    this.ask = ask;
    this.saved = el("div", { class: "row" });
    this.recent = el("div", { class: "row" });
    this.savedPart = el("section", {}, el("h2", {}, words.saved), this.saved);
    this.recentPart = el("section", {}, el("h2", {}, words.recent), this.recent);
    this.element = el("div", { class: "before-asking" }, el("h1", {}, words.empty), this.savedPart, this.recentPart,
      el("section", {}, el("h2", {}, words.help), el("dl", { class: "examples" }, words.examples.map(([q, what]) =>
        el("div", {}, el("dt", {}, el("button", { class: "quiet", type: "button", onclick: () => this.ask(q) }, q)), el("dd", {}, what))))));
    this.draw();
  }

  /** @param {string} q */
  has(q) {
    return read(SAVED).includes(q.trim());
  }

  /**
   * Keep the search, or no longer.
   * @param {string} q
   */
  toggle(q) {
    const kept = read(SAVED).filter((each) => each !== q.trim());
    write(SAVED, this.has(q) ? kept : [q.trim(), ...kept].slice(0, MOST));
    this.draw();
  }

  /**
   * Remember what led somewhere.
   * @param {string} q
   */
  asked(q) {
    write(RECENT, [q.trim(), ...read(RECENT).filter((each) => each !== q.trim())].slice(0, LATELY));
    this.draw();
  }

  draw() {
    const [saved, recent] = [read(SAVED), read(RECENT)];
    fill(this.saved, saved.map((q) => el("span", { class: "kept" },
      el("button", { class: "pill", type: "button", onclick: () => this.ask(q) }, q),
      el("button", { class: "quiet", type: "button", "aria-label": words.forget(q), onclick: () => this.toggle(q) }, "×"))));
    fill(this.recent, recent.map((q) => el("button", { class: "pill", type: "button", onclick: () => this.ask(q) }, q)));
    show(this.savedPart, saved.length > 0);
    show(this.recentPart, recent.length > 0);
  }
}

/** @type {Map<string, string[]>} */
const held = new Map(); // for windows without a store

/**
 * @param {string} key
 * @returns {string[]}
 */
function read(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return held.get(key) ?? [];
  }
}

/**
 * @param {string} key
 * @param {string[]} list
 */
function write(key, list) {
  held.set(key, list);
  try {
    localStorage.setItem(key, JSON.stringify(list));
  } catch {
    // Remembered as long as this page is open.
  }
}
