// The page: builds the screens, carries wishes between them, and keeps them in step with the URL.

import { connection } from "/web/api.js";
import * as address from "/web/address.js";
import { paced, say, show } from "/web/dom.js";
import { moment } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { again as picturesAgain } from "/web/images.js";
import { Record } from "/web/record.js";
import { Timeline } from "/web/timeline.js";
import { Day } from "/web/day.js";
import { Search } from "/web/search.js";
import { Uploads } from "/web/uploads.js";
import { Jobs } from "/web/jobs.js";
import { Intake } from "/web/intake.js";
import { System } from "/web/system.js";
import { badge } from "/web/badge.js";
import { droppable } from "/web/drop.js";
import { tell } from "/web/notice.js";

const byId = (id) => document.getElementById(id);
const GROWING_MS = 3000; // how often a recording that is being taken in is looked at again

const record = new Record();
const uploads = new Uploads();
const jobs = new Jobs();
const query = byId("query");
let playing = false;

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
    address.go({ screen: "system" }, { step: true });
    byId("doubts").scrollIntoView();
  },
  copy: async () => {
    const link = location.origin + address.link();
    try {
      await navigator.clipboard.writeText(link);
      tell("The link is copied.");
    } catch {
      tell(link);
    }
  },
};

const timeline = new Timeline(byId("timeline"), record, wish);
const day = new Day(byId("day"), record, wish);
const search = new Search(byId("search"), record, () => timeline, { ...wish, open: wish.go, openSource: wish.open });
const intake = new Intake(byId("intake"), uploads, jobs, wish);
const system = new System(byId("system"), record, wish);

/** The recording to look at then: the wished one, else one of its lane, else the first there is. */
function choose(at, wished) {
  const there = record.at(at);
  const lane = record.laneOf(wished);
  return there.find((source) => source.id === wished) ?? there.find((source) => lane?.sources.includes(source)) ?? there[0] ?? null;
}

function place(now, before = null) {
  const { screen } = now;
  for (const name of ["day", "search", "intake", "system"]) show(byId(name), name === screen);
  for (const link of document.querySelectorAll(".places [data-screen]")) {
    if (link.dataset.screen === screen) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (document.activeElement !== query && query.value !== now.q) query.value = now.q;
  timeline.place(now.at, now.source);
  if (screen === "day") day.place(now.at, now.source, playing);
  else day.player.rest();
  if (screen === "search") search.place();
  else timeline.mark([]);
  if (screen === "system" && before?.screen !== "system") system.enter();
  if (screen !== "system") system.leave();
  say(byId("query-key"), screen === "search" ? "esc" : "/");
  const names = { search: now.q, intake: "Take in", system: "System" };
  document.title = `${names[screen] ?? (now.at === null ? "" : moment(now.at))} · Mem`.replace(/^ · /, "");
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
});

// Work at the server

badge(byId("work"), jobs);
const grown = new Set();
const regrow = paced(() => {
  for (const id of grown) record.refresh(id).catch(() => undefined);
  grown.clear();
}, GROWING_MS);
jobs.addEventListener("recorded", (event) => {
  grown.add(event.detail.source);
  search.again();
  regrow();
});
uploads.addEventListener("accepted", (event) => {
  jobs.add(event.detail);
});
addEventListener("beforeunload", (event) => {
  if (uploads.total().count) event.preventDefault();
});

// Where to be when nothing was asked for, or what was asked for is only now known.

let settledOnce = false;
record.addEventListener("sources", () => {
  const { at, zoom } = address.place;
  const last = [...record.sources.values()].filter((source) => endOf(source) > source.start).sort((a, b) => endOf(a) - endOf(b)).at(-1);
  if (at === null && !last) return place(address.place, address.place);
  const instant = at ?? last.start;
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
  } catch (problem) {
    if (problem.status) tell([problem.detail, problem.hint].filter(Boolean).join(" "));
  }
}

const narrow = matchMedia("(width <= 720px)");
const invite = () => (query.placeholder = narrow.matches ? "Search" : query.getAttribute("aria-label"));
narrow.addEventListener("change", invite);
invite();

// The search box, links, keys and dropped files

query.addEventListener("input", () => {
  const q = query.value;
  const screen = q.trim() ? "search" : "day";
  address.go({ q, screen, ...(q.trim() ? {} : { kind: "", within: "", of: null }) }, { step: screen !== address.place.screen });
});
query.addEventListener("focus", () => {
  if (query.value.trim() && address.place.screen !== "search") query.select();
});
query.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    query.value = "";
    query.blur();
    address.go({ q: "", screen: "day", kind: "", within: "", of: null }, { step: true });
  } else if (event.key === "Enter" && address.place.screen !== "search" && query.value.trim()) {
    address.go({ q: query.value, screen: "search" }, { step: true });
  } else if (search.key(event)) event.preventDefault();
});
byId("find").addEventListener("submit", (event) => event.preventDefault());

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-screen]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  address.go({ screen: link.dataset.screen }, { step: link.dataset.screen !== address.place.screen });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog, [popover]")) return;
  if (event.key === "/") query.focus();
  else if (event.key === "Escape" && address.place.screen !== "day") address.go({ screen: "day", q: "" }, { step: true });
  else if (address.place.screen !== "day") return;
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") day.step(event.key === "ArrowLeft" ? -1 : 1);
  else if (event.key === " " && !event.target.closest("button, a")) day.toggle();
  else return;
  event.preventDefault();
});

droppable(byId("drop"), (files) => {
  address.go({ screen: "intake" }, { step: address.place.screen !== "intake" });
  intake.take(files);
});

place(address.place);
begin();
