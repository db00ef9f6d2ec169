// The small picture over the timeline of what the pointer points at.

import { image } from "/web/api.js";
import { el, fill, say, show } from "/web/dom.js";
import { THUMB } from "/web/images.js";
import { clock, utc } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Frame, Source } from "types/page" */

/** {element, show(x, top, what), hide()} with x and top in px of the window. */
export function preview() {
  const picture = el("img", { alt: "", draggable: "false" });
  const words = el("p");
  const universal = el("p", { class: "muted" });
  const doubt = el("p", { class: "doubtful" }, text.preview.doubtful);
  const note = el("p", { class: "noted" });
  const element = el("div", { class: "preview", "aria-hidden": "true", hidden: true });
  fill(element, picture, words, universal, doubt, note);
  return {
    element,
    hide: () => show(element, false),
    /**
     * @param {number} x
     * @param {number} top
     * @param {{ at: number, source: Source, span: { frame: Frame } | null, note: string }} what
     */
    show: (x, top, { at, source, span, note: noted }) => {
      if (span) {
        picture.style.backgroundColor = span.frame.colour;
        const src = image(span.frame, THUMB);
        if (picture.getAttribute("src") !== src) picture.src = src;
      }
      // The place of the picture is kept, so that the card does not jump while one comes.
      show(picture, span !== null || Boolean(source.media?.video));
      if (!span) picture.removeAttribute("src");
      say(words, `${clock(at)} · ${source.name}`);
      say(universal, utc(at));
      show(doubt, source.time_confidence === "low");
      say(note, noted);
      show(note, noted !== "");
      show(element, true);
      const wide = element.offsetWidth;
      element.style.left = `${Math.max(8, Math.min(innerWidth - wide - 8, x - wide / 2))}px`;
      element.style.bottom = `${innerHeight - top + 4}px`;
    },
  };
}
