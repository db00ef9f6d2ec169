// One note among the words: read, changed in place, deleted. Nobody's change is overwritten unseen.

import { Problem, ask, send } from "/web/api.js";
import { announce, el, fill } from "/web/dom.js";
import { text } from "/web/strings.js";

/** @import { Note } from "types/page" */
/** @import { NoteChanges } from "types/shapes" */

const words = text.notes;

/**
 * The words and the tags of what a person typed: "Call back #later".
 * @param {string} typed
 */
export function parted(typed) {
  const tags = [...typed.matchAll(/(?:^|\s)#([\p{L}\p{N}_-]+)/gu)].map((match) => match[1]);
  return { text: typed.replaceAll(/(?:^|\s)#[\p{L}\p{N}_-]+/gu, "").trim() || typed, tags };
}

/**
 * The row of a note behind its `stamp`; `changed()` hears that it is not as it was, `tell(text)` what went wrong.
 * @param {Note} note
 * @param {HTMLElement} stamp
 * @param {(gone: Note | null) => void} changed
 * @param {(words: string) => void} tell
 */
export function noteRow(note, stamp, changed, tell) {
  const element = el("li", { class: "note" });
  const read = () => fill(element, stamp, el("p", {}, note.text, note.tags.map((tag) => el("span", { class: "tag" }, ` #${tag}`)),
    el("span", { class: "note-acts" },
      el("button", { class: "quiet", type: "button", "aria-label": `${words.edit}: ${note.text}`, onclick: () => write() }, words.edit),
      el("button", { class: "quiet", type: "button", "aria-label": `${words.delete}: ${note.text}`, onclick: () => act("DELETE") }, words.delete))));
  /**
   * @param {"PATCH" | "DELETE"} method
   * @param {NoteChanges} [body]
   */
  const act = async (method, body) => {
    element.inert = true;
    try {
      await send(method, `/api/notes/${note.id}`, body, note.etag ? { "If-Match": note.etag } : {});
      announce(method === "DELETE" ? words.deleted : words.saved);
      changed(method === "DELETE" ? note : null);
    } catch (problem) {
      tell(problem instanceof Problem && problem.status === 412 ? words.conflict : String(problem));
      changed(null);
    } finally {
      element.inert = false;
    }
  };
  const write = async () => {
    // The state that a person sees and changes is the one that the change is made against.
    const { value, etag } = await ask("GET", `/api/notes/${note.id}`).catch(() => ({ value: note, etag: null }));
    note.etag = etag;
    const field = el("textarea", { rows: 3, maxlength: 20_000, "aria-label": words.label }, [value.text, ...value.tags.map((tag) => `#${tag}`)].join(" "));
    const form = el("form", { class: "change-note",
      onsubmit: (event) => {
        event.preventDefault();
        if (field.value.trim()) act("PATCH", parted(field.value.trim()));
      },
      onkeydown: (event) => {
        if (event.key === "Escape") read();
        else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
        event.stopPropagation();
      } }, field, el("div", { class: "row" }, el("button", { class: "pill" }, words.save),
      el("button", { class: "quiet", type: "button", onclick: read }, words.cancel)));
    fill(element, stamp, form);
    field.focus();
  };
  read();
  return element;
}
