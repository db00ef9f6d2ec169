// One line under the top bar: what just went wrong, or that the server is away.

import { connection } from "/web/api.js";
import { announce, say, show } from "/web/dom.js";

const TOLD_MS = 6000;
const AWAY = "Mem is not answering. This page goes on by itself as soon as it does.";
let timer = 0;
let away = false;

/** Tell a person something for a while. */
export function tell(text) {
  put(text);
  announce(text);
  clearTimeout(timer);
  timer = setTimeout(() => put(away ? AWAY : ""), TOLD_MS);
}

function put(text) {
  const line = document.getElementById("notice");
  say(line, text);
  show(line, text !== "");
}

connection.addEventListener("lost", () => {
  away = true;
  put(AWAY);
});
connection.addEventListener("found", () => {
  away = false;
  put("");
});
