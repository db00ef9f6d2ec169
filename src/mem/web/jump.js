// Jumping to a date: a small form that opens from the date above the timeline.

import { el } from "/web/dom.js";
import { fromInput, moment, toInput } from "/web/time.js";

/** The form for `opener`; calls `go(at)` with the chosen instant. */
export function jumper(opener, record, go) {
  const input = el("input", { type: "datetime-local", step: 1, required: true, "aria-label": "Date and time" });
  const ends = el("div", { class: "row" });
  const form = el("form", { class: "jump", id: "jump", popover: "auto", "aria-label": "Jump to a date" },
    el("label", {}, el("span", {}, "Go to"), input), el("button", { class: "pill strong" }, "Go"), ends);
  opener.setAttribute("popovertarget", "jump");

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
    ends.replaceChildren(...(first === null ? [] : [end("First recorded", first), end("Last recorded", last - 1)]));
    input.focus();
  });
  const end = (text, at) => el("button", { class: "quiet", type: "button", title: moment(at), onclick: () => leave(at) }, text);
  return form;
}
