// The chosen range: what it is, and what can be done with it. It stands in the bar of the timeline.

import { asQuery } from "/web/api.js";
import { announce, el, fill, show } from "/web/dom.js";
import { clock, dayStart, iso, length, moment } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Range, Wish } from "types/page" */

/**
 * {element, show(range, source)}; `wish`: range(null) clears it, erase(range) asks whether to delete it.
 * @param {Pick<Wish, "range" | "erase">} wish
 */
export function chosenRange(wish) {
  const words = el("span", { class: "grow" });
  const take = el("a", { class: "pill", download: "", title: text.range.exportHelp }, text.range.export);
  /** @type {Range | null} */
  let range = null;
  const element = el("div", { class: "chosen-range", role: "group", "aria-label": text.range.name, hidden: true }, words, take,
    el("button", { class: "pill danger", type: "button", onclick: () => range && wish.erase(range) }, text.range.delete),
    el("button", { class: "quiet", type: "button", onclick: () => wish.range(null) }, text.range.clear));
  const spoken = debounced((long) => announce(text.range.announced(long)));
  return {
    element,
    /** @param {Range | null} next */
    show(next) {
      range = next;
      show(element, range !== null);
      if (!range) return;
      const { from, to } = range;
      const long = length(to - from);
      const same = dayStart(from) === dayStart(to - 1);
      fill(words, text.range.title(same ? clock(from) : moment(from), same ? clock(to) : moment(to), long));
      take.href = `/api/export${asQuery({ from: iso(from), to: iso(to) })}`;
      spoken(long);
    },
  };
}

/**
 * @param {(long: string) => void} action
 * @returns {(long: string) => void}
 */
function debounced(action) {
  let timer = 0;
  return (...words) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...words), 500);
  };
}
