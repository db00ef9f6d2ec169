// The page: builds the screens, carries wishes between them, and keeps them in step with the URL.

import { Problem, connection } from "/web/api.js";
import * as address from "/web/address.js";
import { byId, paced, say, show, within } from "/web/dom.js";
import { moment } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { again as picturesAgain } from "/web/images.js";
import { Record } from "/web/record.js";
import { Timeline } from "/web/timeline.js";
import { Day } from "/web/day.js";
import { Search } from "/web/search.js";
import { Uploads } from "/web/uploads.js";
import { Jobs } from "/web/jobs.js";
import { Pausing } from "/web/pausing.js";
import { Intake } from "/web/intake.js";
import { System } from "/web/system.js";
import { badge } from "/web/badge.js";
import { droppable } from "/web/drop.js";
import { tell } from "/web/notice.js";
import { redeem } from "/web/signin.js";
import { dress } from "/web/skeleton.js";
import { erase } from "/web/deleting.js";
import * as keys from "/web/keys.js";
import { text } from "/web/strings.js";

/** @import { Recorded } from "/web/jobs.js" */
/** @import { Place, Wish } from "types/page" */
/** @import { Job } from "types/shapes" */

dress();

const GROWING_MS = 3000; // how often a recording that is being taken in is looked at again

const record = new Record();
const uploads = new Uploads();
const jobs = new Jobs();
const query = /** @type {HTMLInputElement} */ (byId("query"));
let playing = false;

/** @type {Wish} */
const wish = {
  go: (at, source, { playing: on = false } = {}) => {
    playing = on;
    if (address.place.screen === "search") query.blur();
    const chosen = choose(at, source ?? address.place.source);
    address.go({ at, source: chosen?.id ?? null, screen: "day" }, { step: address.place.screen !== "day" });
    playing = false;
  },
  look: (at, source) => address.go({ at, source }),
  open: (id) => {
    const source = record.sources.get(id);
    if (source) wish.go(source.start, id);
    else record.load().then(() => record.sources.has(id) && wish.open(id));
  },
  step: (way) => day.step(way),
  mark: (marks) => timeline.mark(marks),
  tell,
  choose: () => {
    address.go({ screen: "intake" }, { step: true });
    intake.choose();
  },
  fix: () => {
    address.go({ screen: "intake" }, { step: true });
    intake.fix();
  },
  range: (range) => address.go({ range: range && { from: Math.round(range.from), to: Math.round(range.to) } }),
  erase: async (range, source = null) => {
    if (!(await erase(range, source))) return false;
    record.forget();
    address.go({ range: null });
    await record.load();
    return true;
  },
  /** After something was covered: nothing that was shown of it stays. */
  covered: async () => {
    record.forget();
    day.forget();
    timeline.forget();
    await record.load();
  },
  copy: async () => {
    const link = location.origin + address.link();
    try {
      await navigator.clipboard.writeText(link);
      tell(text.copied);
    } catch {
      tell(link);
    }
  },
};

const timeline = new Timeline(byId("timeline"), record, wish);
const day = new Day(byId("day"), record, wish);
const search = new Search(byId("search"), record, () => timeline, { ...wish, open: wish.go, openSource: wish.open });
const pausing = new Pausing(byId("paused"), wish);
const intake = new Intake(byId("intake"), record, uploads, jobs, pausing, wish);
const system = new System(byId("system"), record, wish);

/**
 * The recording to look at then: the wished one, else one of its lane, else the first there is.
 * @param {number} at
 * @param {number | null | undefined} wished
 */
function choose(at, wished) {
  const there = record.at(at);
  const lane = record.laneOf(wished ?? null);
  return there.find((source) => source.id === wished) ?? there.find((source) => lane?.sources.includes(source)) ?? there[0] ?? null;
}

/**
 * @param {Place} now
 * @param {Place | null} [before]
 */
function place(now, before = null) {
  const { screen } = now;
  for (const name of ["day", "search", "intake", "system"]) show(byId(name), name === screen);
  for (const link of document.querySelectorAll(".places [data-screen]")) {
    if (link.getAttribute("data-screen") === screen) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (document.activeElement !== query && query.value !== now.q) query.value = now.q;
  timeline.place(now.at, now.source);
  if (JSON.stringify(now.range) !== JSON.stringify(before?.range ?? null)) timeline.choose(now.range);
  if (screen === "day") day.place(now.at, now.source, playing);
  else day.player.rest();
  if (screen === "search") search.place();
  else timeline.mark([]);
  if (screen === "intake" && before?.screen !== "intake") intake.enter();
  if (screen !== "intake") intake.leave();
  if (screen === "system" && before?.screen !== "system") system.enter();
  if (screen !== "system") system.leave();
  say(byId("query-key"), screen === "search" ? "esc" : "/");
  const names = { ...text.screens, search: now.q || text.search.title };
  if (screen !== "day") document.title = text.titled(names[screen], text.name);
  else document.title = now.at === null ? text.name : text.titled(moment(now.at), text.name);
}

address.watch(place);
timeline.addEventListener("view", paced(() => {
  const zoom = Math.max(1, Math.round(timeline.duration / 1000));
  if (record.sources.size) address.go({ zoom });
}, 400));

connection.addEventListener("found", () => {
  picturesAgain();
  search.again();
  begin();
  if (address.place.screen === "system") system.enter();
  if (address.place.screen === "intake") intake.enter();
});

// Work at the server

badge(byId("work"), jobs);
/** @type {Set<number>} */
const grown = new Set();
const regrow = paced(() => {
  for (const id of grown) record.refresh(id).catch(() => undefined);
  grown.clear();
}, GROWING_MS);
jobs.addEventListener("recorded", (event) => {
  grown.add(/** @type {CustomEvent<Recorded>} */ (event).detail.source);
  search.again();
  regrow();
});
uploads.addEventListener("accepted", (event) => {
  jobs.add(/** @type {CustomEvent<Job>} */ (event).detail);
});
addEventListener("beforeunload", (event) => {
  if (uploads.total().count) event.preventDefault();
});

// Where to be when nothing was asked for, or what was asked for is only now known.

let settledOnce = false;
record.addEventListener("sources", () => {
  const { at, zoom } = address.place;
  const last = [...record.sources.values()].filter((source) => endOf(source) > source.start).sort((a, b) => endOf(a) - endOf(b)).at(-1);
  const wished = address.place.source;
  if (!record.whole && (at === null ? !last : !choose(at, wished) || (wished && !record.sources.has(wished)))) return undefined;
  const instant = at ?? last?.start;
  if (instant === undefined) return place(address.place, address.place);
  if (!settledOnce) {
    settledOnce = true;
    if (zoom) timeline.look(instant - zoom * 300, zoom * 1000);
    else timeline.showDay(instant);
  }
  const source = choose(instant, address.place.source ?? last?.id);
  return address.go({ at: instant, source: source?.id ?? null });
});

async function begin() {
  try {
    await record.load();
    await jobs.start();
    await pausing.look();
  } catch (problem) {
    if (problem instanceof Problem && problem.status) tell(String(problem));
  }
}

const narrow = matchMedia("(width <= 720px)");
const invite = () => (query.placeholder = narrow.matches ? text.findShort : text.find);
narrow.addEventListener("change", invite);
invite();

// The search box, links, keys and dropped files

query.addEventListener("input", () => {
  const q = query.value;
  address.go({ q, screen: "search", ...(q.trim() ? {} : { kind: "", within: "", of: null }) }, { step: address.place.screen !== "search" });
});
query.addEventListener("focus", () => {
  if (query.value.trim() && address.place.screen !== "search") query.select();
});
query.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    query.value = "";
    query.blur();
    address.go({ q: "", screen: "day", kind: "", within: "", of: null }, { step: true });
  } else if (event.key === "Enter" && address.place.screen !== "search") {
    address.go({ q: query.value, screen: "search" }, { step: true });
  } else if (search.key(event)) event.preventDefault();
});
byId("find").addEventListener("submit", (event) => event.preventDefault());

document.addEventListener("click", (event) => {
  const link = within(event, "a[data-screen]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const screen = address.screenOf(link.getAttribute("data-screen"));
  address.go({ screen }, { step: screen !== address.place.screen });
});

const NEAR_MS = 60_000; // the other end of a range of which only one was chosen

/**
 * Put one end of the range at the instant.
 * @param {"from" | "to"} end
 */
function bound(end) {
  const { at, range } = address.place;
  if (at === null) return;
  const next = { from: range?.from ?? at - NEAR_MS, to: range?.to ?? at + NEAR_MS, [end]: at };
  if (next.from >= next.to) next[end === "from" ? "to" : "from"] = at + (end === "from" ? NEAR_MS : -NEAR_MS);
  wish.range(next);
}

keys.listen({
  ArrowLeft: () => day.step(-1), ArrowRight: () => day.step(1), " ": () => day.toggle(), k: () => day.toggle(),
  j: () => day.faster(-1), l: () => day.faster(1), ",": () => day.nudge(-1), ".": () => day.nudge(1),
  t: () => day.mark(), n: () => day.write(), c: () => wish.copy(), s: () => day.save.click(), e: () => day.export(), x: () => day.cover(),
  "[": () => bound("from"), "]": () => bound("to"), d: () => timeline.day.click(),
}, {
  screen: () => address.place.screen,
  show: (screen) => address.go({ screen }, { step: screen !== address.place.screen }),
  back: () => address.go({ screen: "day", q: "" }, { step: true }),
  find: () => {
    if (address.place.screen !== "search") address.go({ screen: "search" }, { step: true });
    query.focus();
  },
});
for (const opener of document.querySelectorAll("[data-keys]")) opener.addEventListener("click", keys.list);

droppable(byId("drop"), (files) => {
  address.go({ screen: "intake" }, { step: address.place.screen !== "intake" });
  intake.take(files);
});

place(address.place);
redeem().then(begin);
