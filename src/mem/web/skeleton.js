// The words of what stands in the document from the start: the bar, the names of the screens.

import { text } from "/web/strings.js";

/** @param {string} path */
const word = (path) => String(path.split(".").reduce((part, name) => Object(part)[name], /** @type {unknown} */ (text)));

/** Put them where `data-say`, `data-name` (for screen readers) and `data-title` ask for them. */
export function dress() {
  for (const [each, path] of named("data-say")) each.textContent = word(path);
  for (const [each, path] of named("data-name")) each.setAttribute("aria-label", word(path));
  for (const [each, path] of named("data-title")) each.setAttribute("title", word(path));
}

/**
 * The elements that have the attribute, and what it says.
 * @param {string} attribute
 * @returns {[Element, string][]}
 */
function named(attribute) {
  return Array.from(document.querySelectorAll(`[${attribute}]`), (each) => [each, each.getAttribute(attribute) ?? ""]);
}
