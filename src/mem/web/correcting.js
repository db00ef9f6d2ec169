// A line of speech that a person puts right in its place; what was heard is kept and can be had back.

import { ask, send } from "/web/api.js";
import { announce, el, fill } from "/web/dom.js";
import { text } from "/web/strings.js";

const words = text.correcting;

/** A button that turns the paragraph of a line into a form; `changed()` hears when it was corrected, `tell(text)` what went wrong. */
export function correction(segment, paragraph, changed, tell) {
  const open = el("button", { class: "quiet correct", type: "button", tabindex: -1, "aria-label": `${words.open}: ${segment.text}`, onclick: () => write() }, words.open);
  const write = async () => {
    const { value, etag } = await ask("GET", `/api/segments/${segment.id}`).catch((problem) => {
      tell(problem.detail ?? String(problem));
      return {};
    });
    if (!value) return;
    const before = [...paragraph.childNodes];
    const field = el("textarea", { rows: 3, maxlength: 20_000, "aria-label": words.label }, value.text.trim());
    const shut = () => {
      fill(paragraph, before);
      open.hidden = false;
    };
    const put = async (said) => {
      form.inert = true;
      try {
        await send("PATCH", `/api/segments/${segment.id}`, { text: said }, etag ? { "If-Match": etag } : {});
        announce(words.saved);
        changed();
      } catch (problem) {
        tell(problem.status === 412 ? words.conflict : [problem.detail, problem.hint].filter(Boolean).join(" "));
        if (problem.status === 412) changed();
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
