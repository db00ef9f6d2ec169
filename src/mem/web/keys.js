// Keys that work everywhere, and the list of all keys that ? opens.

import { el, fill, within } from "/web/dom.js";
import { text } from "/web/strings.js";

/** @import { Screen } from "types/page" */

/** @type {{ [key: string]: Screen }} */
const PLACES = { d: "day", s: "search", t: "intake", y: "system" };
const LEADING_MS = 1200; // in which the second key of a pair counts
const BUSY = "input, select, textarea, dialog, [popover], video";

/**
 * Listen on the whole page. `act` maps a key to what it does on the day; `wish`: find(), back(), show(screen), screen().
 * @param {{ [key: string]: () => void }} act
 * @param {{ find(): void, back(): void, show(screen: Screen): void, screen(): Screen }} wish
 */
export function listen(act, wish) {
  let led = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || within(event, BUSY)) return;
    const pair = performance.now() - led < LEADING_MS ? PLACES[event.key] : null;
    led = -Infinity;
    if (pair) wish.show(pair);
    else if (event.key === "g") led = performance.now();
    else if (event.key === "/") wish.find();
    else if (event.key === "?") list();
    else if (event.key === "Escape" && wish.screen() !== "day") wish.back();
    else if (wish.screen() !== "day" || !act[event.key]) return;
    else if (event.key === " " && within(event, "button, a")) return;
    else act[event.key]();
    event.preventDefault();
  });
}

/** Open the list of keys. */
export function list() {
  const { title, close, groups } = text.keys;
  const dialog = el("dialog", { class: "keys", "aria-labelledby": "keys-title" });
  fill(dialog, el("header", { class: "row" }, el("h2", { id: "keys-title" }, title), el("span", { class: "space" }),
    el("button", { class: "pill", type: "button", autofocus: true, onclick: () => dialog.close() }, close)),
  el("div", { class: "key-groups" }, groups.map(([name, rows]) => el("section", {}, el("h3", {}, name),
    el("dl", {}, rows.map(([keys, what]) => el("div", {}, el("dt", {}, el("kbd", {}, keys)), el("dd", {}, what))))))));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
