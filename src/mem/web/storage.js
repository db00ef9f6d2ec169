// Storage: what the disk holds, what each day and place added, and the day on which it will be full.

import { get } from "/web/api.js";
import { el, fill, show } from "/web/dom.js";
import { DAY, dayStart, iso, length, shortDate, zone } from "/web/time.js";
import { bars, runway } from "/web/plot.js";
import { bytes } from "/web/work.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */
/** @import { Capacity, Share, Status } from "types/shapes" */

const DAYS = 30; // of which the bars tell
const MOST_DAYS = 365; // of which the server is asked at once
const NAMED = 4; // places with a colour of their own

/** @typedef {{ name: string, holds: (share: Share) => boolean }} PlaceOf */

const words = text.system;

export class Storage {
  #kept = 0; // bytes of pictures and originals

  /** @param {Record} record */
  constructor(record) {
    this.record = record;
    this.bar = el("div", { class: "shares", role: "img" });
    this.legend = el("ul", { class: "legend-of row" });
    this.growth = el("p", { class: "muted" });
    this.runway = el("figure", { class: "plot runway", hidden: true });
    this.days = el("figure", { class: "plot", hidden: true });
    this.element = el("section", { id: "storage" }, el("h2", {}, words.storage), this.bar, this.legend, this.growth, this.runway, this.days);
  }

  /**
   * Show what the status says of the disk.
   * @param {Pick<Status, "disk" | "stored" | "database">} status
   */
  show({ disk, stored, database }) {
    this.#kept = stored.image_bytes + stored.original_bytes;
    /** @type {[name: "images" | "originals" | "database" | "other" | "free", size: number][]} */
    const parts = [["images", stored.image_bytes], ["originals", stored.original_bytes], ["database", database.size_bytes]];
    const own = parts.reduce((sum, [, size]) => sum + size, 0);
    parts.push(["other", Math.max(0, disk.total_bytes - disk.free_bytes - own)], ["free", disk.free_bytes]);
    const key = JSON.stringify(parts.map(([, size]) => bytes(size)));
    if (this.bar.dataset.key === key) return;
    this.bar.dataset.key = key;
    const named = parts.map(([name, size]) => `${bytes(size)} ${words[name]}`);
    this.bar.setAttribute("aria-label", named.join(", "));
    fill(this.bar, parts.map(([name, size]) => {
      const part = el("span", { class: `share ${name}` });
      part.style.flexGrow = String(size / disk.total_bytes);
      return part;
    }));
    fill(this.legend, parts.map(([name], i) => el("li", { class: name }, named[i])));
    this.look().catch(() => this.again()); // away: what was seen last stays, and the next status asks again
  }

  /** Look again, although the disk is as full as it was. */
  again() {
    delete this.bar.dataset.key;
  }

  /** Learn how it grows, and draw it. */
  async look() {
    const capacity = await get("/api/capacity");
    fill(this.growth, grown(capacity));
    const last = dayStart(this.record.last() ?? Date.now());
    const past = Math.round(Math.max(DAYS, Math.min(MOST_DAYS, (capacity.days_left ?? 0) / 3)));
    const from = Math.min(dayStart(last, 1 - DAYS), dayStart(Date.now(), 1 - past));
    const to = Math.min(Math.max(dayStart(last, 1), dayStart(Date.now(), 1)), from + MOST_DAYS * DAY);
    const { days } = await get("/api/storage", { from: iso(from), to: iso(to), zone });
    const sizes = new Map(days.map(({ day, shares }) => [day, shares]));
    this.#bars(sizes, last);
    this.#runway(sizes, past, capacity);
  }

  /**
   * @param {Map<string, Share[]>} sizes
   * @param {number} last
   */
  #bars(sizes, last) {
    const days = Array.from({ length: DAYS }, (_, i) => dayStart(last, i - DAYS + 1));
    const places = largest(days.flatMap((at) => sizes.get(named(at)) ?? []));
    const rows = days.map((at) => ({ at, parts: placed(sizes.get(named(at)) ?? [], places) }));
    const most = Math.max(...rows.map(({ parts }) => parts.reduce((sum, size) => sum + size, 0)));
    show(this.days, most > 0);
    /** @param {typeof rows[number]} row */
    const title = ({ at, parts }) => words.day(shortDate(at), bytes(parts.reduce((sum, size) => sum + size, 0)));
    const totals = places.map((_, i) => rows.reduce((sum, { parts }) => sum + parts[i], 0));
    fill(this.days, el("h3", {}, words.perDay, el("span", { class: "muted" }, words.upTo(bytes(most)))),
      bars(rows.map((row) => ({ ...row, title: title(row) })), `${words.perDay}: ${words.upTo(bytes(most))}`),
      el("figcaption", {}, el("span", {}, shortDate(days[0])), el("span", {}, shortDate(last))),
      el("ul", { class: "legend-of row" }, places.map(({ name }, i) => totals[i] > 0 && el("li", { class: `place-${i}` }, words.share(name, bytes(totals[i]))))));
  }

  /**
   * @param {Map<string, Share[]>} sizes
   * @param {number} past
   * @param {Capacity} capacity
   */
  #runway(sizes, past, { full_at: end, free_bytes: free }) {
    show(this.runway, end !== null);
    if (end === null) return;
    const today = dayStart(Date.now());
    const days = Array.from({ length: past }, (_, i) => dayStart(today, i - past + 1));
    const added = days.map((at) => sum(sizes.get(named(at)) ?? []));
    let kept = this.#kept - added.reduce((all, size) => all + size, 0);
    const points = days.map((at, i) => ({ at, kept: Math.max(0, (kept += added[i])) }));
    const [limit, full] = [this.#kept + free, Date.parse(end)];
    const picture = runway(points, { now: Date.now(), kept: this.#kept, full, limit }, `${words.runway}: ${words.fullHere(shortDate(full))}`);
    const share = (Date.now() - days[0]) / (full - days[0]);
    const now = el("span", { class: "today", hidden: share > 0.7 }, words.today); // where there is room for it
    now.style.left = `${share * 100}%`;
    fill(this.runway, el("h3", {}, words.runway, el("span", { class: "muted" }, words.limit(bytes(limit)))), picture,
      el("figcaption", {}, el("span", {}, shortDate(days[0])), now, el("b", {}, words.fullHere(shortDate(full)))));
  }
}

/**
 * The name that the server gives to a local day.
 * @param {number} at
 */
function named(at) {
  const day = new Date(at);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** @param {Share} share */
const placeOf = ({ location, device }) => location ?? device ?? words.noPlace;
/** @param {Share} share */
const sizeOf = (share) => share.image_bytes + share.original_bytes;
/** @param {Share[]} shares */
const sum = (shares) => shares.reduce((all, share) => all + sizeOf(share), 0);

/**
 * The places that keep most, the largest first, and what is left of the others.
 * @param {Share[]} shares
 * @returns {PlaceOf[]}
 */
function largest(shares) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const share of shares) sizes.set(placeOf(share), (sizes.get(placeOf(share)) ?? 0) + sizeOf(share));
  const names = [...sizes].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const own = names.length > NAMED + 1 ? names.slice(0, NAMED) : names;
  return [...own.map((name) => ({ name, holds: (/** @type {Share} */ share) => placeOf(share) === name })),
    ...(own.length < names.length ? [{ name: words.others, holds: (/** @type {Share} */ share) => !own.includes(placeOf(share)) }] : [])];
}

/**
 * @param {Share[]} shares
 * @param {PlaceOf[]} places
 */
const placed = (shares, places) => places.map(({ holds }) => sum(shares.filter(holds)));

/** @param {Capacity} capacity */
function grown(capacity) {
  const daily = capacity.bytes_per_day > 0 && capacity.hours_per_day > 0 ? words.growth(bytes(capacity.bytes_per_day), length(capacity.hours_per_day * 3600e3)) : "";
  const full = capacity.full_at === null || capacity.days_left === null ? words.notFull
    : `${words.full(shortDate(Date.parse(capacity.full_at)), length(capacity.days_left * DAY))}.`;
  return [daily && `${daily}.`, full].filter(Boolean).join(" ");
}
