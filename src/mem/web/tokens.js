// The parts of a question that are filters, as chips that take themselves out again.

import { el } from "/web/dom.js";
import { text } from "/web/strings.js";

const FILTER = /(?:^|\s)(-?(?:kind|source|lang|language|location|tag|before|after):(?:"[^"]*"|[^\s"]+))/giu;

/**
 * The filters in a question, as they were typed.
 * @param {string} q
 */
export const filters = (q) => [...q.matchAll(FILTER)].map((match) => match[1]);

/**
 * The question without one of its filters.
 * @param {string} q
 * @param {string} filter
 */
export function without(q, filter) {
  const at = q.indexOf(filter);
  return at < 0 ? q : `${q.slice(0, at)} ${q.slice(at + filter.length)}`.replace(/\s+/g, " ").trim();
}

/**
 * A chip for each filter; `ask(q)` asks without it.
 * @param {string} q
 * @param {(q: string) => void} ask
 */
export function chips(q, ask) {
  return filters(q).map((filter) => el("button", {
    class: "pill chip token", type: "button", "aria-label": text.search.drop(filter), onclick: () => ask(without(q, filter)),
  }, filter, el("span", { "aria-hidden": "true" }, " ×")));
}
