// A line of speech that a person puts right in its place; what was heard is kept and can be had back.

import { Problem, ask, send } from "/web/api.js";
import { announce, el, fill } from "/web/dom.js";
import { text } from "/web/strings.js";

/** @import { Line } from "types/page" */

const words = text.correcting;

/**
 * A button that turns the paragraph of a line into a form; `changed()` hears when it was corrected, `tell(text)` what went wrong.
 * @param {Line} segment
 * @param {HTMLElement} paragraph
 * @param {() => void} changed
 * @param {(words: string) => void} tell
 */
export function correction(segment, paragraph, changed, tell) {
  const open = el("button", { class: "quiet correct", type: "button", tabindex: -1, "aria-label": `${words.open}: ${segment.text}`, onclick: () => write() }, words.open);
  const write = async () => {
    const found = await ask("GET", `/api/segments/${segment.id}`).catch((problem) => tell(String(problem)));
    if (!found) return;
    const { value, etag } = found;
    const before = [...paragraph.childNodes];
    const field = el("textarea", { rows: 3, maxlength: 20_000, "aria-label": words.label }, value.text.trim());
    const shut = () => {
      fill(paragraph, before);
      open.hidden = false;
    };
    /** @param {string | null} said */
    const put = async (said) => {
      form.inert = true;
      try {
        await send("PATCH", `/api/segments/${segment.id}`, { text: said }, etag ? { "If-Match": etag } : {});
        announce(words.saved);
        changed();
      } catch (problem) {
        const conflict = problem instanceof Problem && problem.status === 412;
        tell(conflict ? words.conflict : String(problem));
        if (conflict) changed();
        else shut();
      }
    };
    const form = el("form", { class: "change-note", onsubmit: (event) => {
      event.preventDefault();
      if (field.value.trim()) put(field.value.trim());
    }, onclick: (event) => event.stopPropagation(), onkeydown: (event) => {
      if (event.key === "Escape") shut();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
      event.stopPropagation();
    } }, field, el("div", { class: "row" }, el("button", { class: "pill" }, words.save),
      el("button", { class: "quiet", type: "button", onclick: shut }, words.cancel),
      value.heard !== null && value.heard !== undefined && el("button", { class: "quiet", type: "button", onclick: () => put(null) }, words.back)));
    open.hidden = true;
    fill(paragraph, form);
    field.focus();
  };
  return open;
}
