// One line under the top bar: what just went wrong, or that the server is away.

import { connection } from "/web/api.js";
import { announce, byId, say, show } from "/web/dom.js";
import { text } from "/web/strings.js";

const TOLD_MS = 6000;
const AWAY = text.connection.away;
let timer = 0;
let away = false;

/**
 * Tell a person something for a while.
 * @param {string} words
 */
export function tell(words) {
  put(words);
  announce(words);
  clearTimeout(timer);
  timer = setTimeout(() => put(away ? AWAY : ""), TOLD_MS);
}

/** @param {string} words */
function put(words) {
  const line = byId("notice");
  say(line, words);
  show(line, words !== "");
}

connection.addEventListener("lost", () => {
  away = true;
  put(AWAY);
});
connection.addEventListener("found", () => {
  away = false;
  put("");
});
