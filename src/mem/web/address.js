// Where we are: the screen, the instant, the recording and the question, all held by the URL.

import { iso } from "/web/time.js";

const SCREENS = ["day", "search", "intake", "system"];
const listeners = [];

/** What the URL says now; times in ms, `zoom` in seconds of timeline. */
export let place = read();

/** Hear of every change: `listener(place, before)`. */
export function watch(listener) {
  listeners.push(listener);
}

/** Change some of it. A new step in the browser's history only where `step` is set. */
export function go(change, { step = false } = {}) {
  const before = place;
  place = { ...place, ...change };
  const url = write(place);
  if (url !== write(before)) queue(url, step);
  for (const listener of listeners) listener(place, before);
}

/** The address of a place, for links. */
export function link(change = {}) {
  return write({ ...place, ...change });
}

function read() {
  const query = new URLSearchParams(location.search);
  const at = Date.parse(query.get("at") ?? "");
  const screen = query.get("screen") ?? (query.get("q") ? "search" : "day");
  return {
    screen: SCREENS.includes(screen) ? screen : "day",
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

function write(where) {
  const query = new URLSearchParams();
  if (where.screen !== "day") query.set("screen", where.screen);
  if (where.at !== null) query.set("at", iso(where.at));
  if (where.source !== null) query.set("source", where.source);
  if (where.zoom !== null) query.set("zoom", where.zoom);
  if (where.range) query.set("range", `${iso(where.range.from)}/${iso(where.range.to)}`);
  if (where.screen === "search") {
    for (const name of ["q", "kind", "within", "of", "sort"]) if (where[name]) query.set(name, where[name]);
  }
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `/?${text}` : "/";
}

/** {from, to} in ms of "from/to"; null where that is no interval. */
function interval(text) {
  const [from, to] = (text ?? "").split("/").map((part) => Date.parse(part));
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
}

function whole(text) {
  const number = Number.parseInt(text ?? "", 10);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

// Browsers refuse more than 100 changes of the URL in 30 s, so quick ones wait for each other.
let waiting = null;
let timer = 0;

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
