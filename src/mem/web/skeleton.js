// The words of what stands in the document from the start: the bar, the names of the screens.

import { text } from "/web/strings.js";

const word = (path) => path.split(".").reduce((part, name) => part[name], text);

/** Put them where `data-say`, `data-name` (for screen readers) and `data-title` ask for them. */
export function dress() {
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = word(each.dataset.say);
  for (const each of document.querySelectorAll("[data-name]")) each.setAttribute("aria-label", word(each.dataset.name));
  for (const each of document.querySelectorAll("[data-title]")) each.title = word(each.dataset.title);
}
