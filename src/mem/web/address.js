// Where we are: the screen, the instant, the recording and the question, all held by the URL.

import { iso } from "/web/time.js";

/** @import { Place, Range, Screen } from "types/page" */

/** @type {Screen[]} */
const SCREENS = ["day", "search", "intake", "system"];
/** @type {((place: Place, before: Place) => void)[]} */
const listeners = [];

/**
 * What the URL says now; times in ms, `zoom` in seconds of timeline.
 * @type {Place}
 */
export let place = read();

/**
 * Hear of every change: `listener(place, before)`.
 * @param {(place: Place, before: Place) => void} listener
 */
export function watch(listener) {
  listeners.push(listener);
}

/**
 * Change some of it. A new step in the browser's history only where `step` is set.
 * @param {Partial<Place>} change
 * @param {{ step?: boolean }} [how]
 */
export function go(change, { step = false } = {}) {
  const before = place;
  place = { ...place, ...change };
  const url = write(place);
  if (url !== write(before)) queue(url, step);
  for (const listener of listeners) listener(place, before);
}

/**
 * The address of a place, for links.
 * @param {Partial<Place>} [change]
 */
export function link(change = {}) {
  return write({ ...place, ...change });
}

/**
 * The screen that is called so, else the day.
 * @param {string | null} name
 */
export function screenOf(name) {
  return SCREENS.find((each) => each === name) ?? "day";
}

/** @returns {Place} */
function read() {
  const query = new URLSearchParams(location.search);
  const at = Date.parse(query.get("at") ?? "");
  const screen = query.get("screen") ?? (query.get("q") ? "search" : "day");
  return {
    screen: screenOf(screen),
    at: Number.isFinite(at) ? at : null,
    source: whole(query.get("source")),
    zoom: whole(query.get("zoom")),
    q: query.get("q") ?? "",
    kind: query.get("kind") ?? "",
    within: query.get("within") ?? "",
    of: whole(query.get("of")),
    sort: query.get("sort") ?? "",
    range: interval(query.get("range")),
  };
}

/** @param {Place} where */
function write(where) {
  const query = new URLSearchParams();
  if (where.screen !== "day") query.set("screen", where.screen);
  if (where.at !== null) query.set("at", iso(where.at));
  if (where.source !== null) query.set("source", String(where.source));
  if (where.zoom !== null) query.set("zoom", String(where.zoom));
  if (where.range) query.set("range", `${iso(where.range.from)}/${iso(where.range.to)}`);
  if (where.screen === "search") {
    const { q, kind, within, of, sort } = where;
    for (const [name, value] of Object.entries({ q, kind, within, of, sort })) if (value) query.set(name, String(value));
  }
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `/?${text}` : "/";
}

/**
 * {from, to} in ms of "from/to"; null where that is no interval.
 * @param {string | null} text
 * @returns {Range | null}
 */
function interval(text) {
  const [from, to] = (text ?? "").split("/").map((part) => Date.parse(part));
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
}

/** @param {string | null} text */
function whole(text) {
  const number = Number.parseInt(text ?? "", 10);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

// Browsers refuse more than 100 changes of the URL in 30 s, so quick ones wait for each other.
/** @type {string | null} */
let waiting = null;
let timer = 0;

/**
 * @param {string} url
 * @param {boolean} step
 */
function queue(url, step) {
  if (step) {
    flush();
    history.pushState(null, "", url);
    return;
  }
  waiting = url;
  timer ||= setTimeout(flush, 350);
}

function flush() {
  clearTimeout(timer);
  timer = 0;
  if (waiting !== null) history.replaceState(null, "", waiting);
  waiting = null;
}

addEventListener("pagehide", flush);
addEventListener("popstate", () => {
  waiting = null;
  const before = place;
  place = read();
  for (const listener of listeners) listener(place, before);
});
