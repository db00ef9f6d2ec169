// The small picture over the timeline of what the pointer points at.

import { image } from "/web/api.js";
import { el, fill, say, show } from "/web/dom.js";
import { THUMB } from "/web/images.js";
import { clock } from "/web/time.js";

/** {element, show(x, top, what), hide()} with x and top in px of the window. */
export function preview() {
  const picture = el("img", { alt: "", draggable: "false" });
  const words = el("p");
  const doubt = el("p", {}, "time doubtful");
  const note = el("p", { class: "noted" });
  const element = el("div", { class: "preview", "aria-hidden": "true", hidden: true });
  fill(element, picture, words, doubt, note);
  return {
    element,
    hide: () => show(element, false),
    show: (x, top, { at, source, span, note: text }) => {
      if (span) {
        picture.style.backgroundColor = span.frame.colour;
        const src = image(span.frame.id, THUMB);
        if (picture.getAttribute("src") !== src) picture.src = src;
      }
      show(picture, span !== null);
      say(words, `${clock(at)} · ${source.name}`);
      show(doubt, source.time_confidence === "low");
      say(note, text);
      show(note, text !== "");
      show(element, true);
      const wide = element.offsetWidth;
      element.style.left = `${Math.max(8, Math.min(innerWidth - wide - 8, x - wide / 2))}px`;
      element.style.bottom = `${innerHeight - top + 4}px`;
    },
  };
}
