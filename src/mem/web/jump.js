// Jumping to a date: a small form that opens from the date above the timeline.

import { el } from "/web/dom.js";
import { fromInput, moment, toInput } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */

const words = text.jump;

/**
 * The form for `opener`; calls `go(at)` with the chosen instant.
 * @param {HTMLElement} opener
 * @param {Record} record
 * @param {(at: number) => void} go
 */
export function jumper(opener, record, go) {
  const input = el("input", { type: "datetime-local", step: 1, required: true, "aria-label": words.input });
  const ends = el("div", { class: "row" });
  const form = el("form", { class: "jump", id: "jump", popover: "auto", "aria-label": words.open },
    el("label", {}, el("span", {}, words.to), input), el("button", { class: "pill strong" }, words.go), ends);
  opener.setAttribute("popovertarget", "jump");

  /** @param {number} at */
  const leave = (at) => {
    form.hidePopover();
    go(at);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const at = fromInput(input.value);
    if (Number.isFinite(at)) leave(at);
  });
  form.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    const box = opener.getBoundingClientRect();
    form.style.left = `${Math.max(8, box.left - 4)}px`;
    form.style.bottom = `${innerHeight - box.top + 8}px`;
    input.value = toInput(Number(form.dataset.at) || record.last() || Date.now());
    const [first, last] = [record.first(), record.last()];
    ends.replaceChildren(...(first === null || last === null ? [] : [end(words.first, first), end(words.last, last - 1)]));
    input.focus();
  });
  /**
   * @param {string} name
   * @param {number} at
   */
  const end = (name, at) => el("button", { class: "quiet", type: "button", title: moment(at), onclick: () => leave(at) }, name);
  return form;
}
