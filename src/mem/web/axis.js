// The ticks of a time axis, on the clock of this browser's zone.

import { DAY, HOUR, MINUTE, MONTHS, SECOND, clock, dayStart, minutes, shortDate } from "/web/time.js";

/** @typedef {{ at: number, label: string, strong: boolean }} Tick */

const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * SECOND)
  .concat([1, 2, 5, 10, 15, 30].map((n) => n * MINUTE), [1, 2, 3, 6, 12].map((n) => n * HOUR));

/**
 * [{at, label, strong}]: labels stand at least `room` px apart at `scale` ms a px.
 * @param {number} from
 * @param {number} to
 * @param {number} scale
 * @param {number} room
 * @returns {Tick[]}
 */
export function ticks(from, to, scale, room) {
  const least = scale * room;
  const step = STEPS.find((ms) => ms >= least);
  if (step) return clockTicks(from, to, step);
  for (const days of [1, 2, 7, 14]) if (days * DAY >= least) return dayTicks(from, to, days);
  for (const months of [1, 3, 6]) if (months * 30 * DAY >= least) return monthTicks(from, to, months);
  for (const years of [1, 2, 5]) if (years * 365 * DAY >= least) return monthTicks(from, to, 12 * years);
  return monthTicks(from, to, 120);
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} step
 * @returns {Tick[]}
 */
function clockTicks(from, to, step) {
  const text = step < MINUTE ? clock : minutes;
  /** @type {Tick[]} */
  const made = [];
  for (let day = dayStart(from); day < to; day = dayStart(day, 1)) {
    const next = dayStart(day, 1);
    for (const at of withinDay(day, next, step, from, to)) {
      made.push(at === day ? { at, label: shortDate(at), strong: true } : { at, label: text(at), strong: false });
    }
  }
  return made;
}

/**
 * @param {number} day
 * @param {number} next
 * @param {number} step
 * @param {number} from
 * @param {number} to
 */
function* withinDay(day, next, step, from, to) {
  if (step <= HOUR) {
    const first = Math.max(0, Math.floor((from - day) / step));
    for (let at = day + first * step; at < next && at < to; at += step) yield at;
    return;
  }
  const date = new Date(day);
  for (let hour = 0; hour < 24; hour += step / HOUR) {
    const at = new Date(date.getFullYear(), date.getMonth(), date.getDate(), hour).getTime();
    if (at >= from - step && at < to) yield at;
  }
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} days
 * @returns {Tick[]}
 */
function dayTicks(from, to, days) {
  /** @type {Tick[]} */
  const made = [];
  const date = new Date(from);
  for (let n = 0; ; n += 1) {
    const at = new Date(date.getFullYear(), date.getMonth(), 1 + n);
    if (at.getTime() >= to) return made;
    const place = at.getDate() - 1;
    const first = place === 0;
    const fits = place % days === 0 && (days === 1 || place <= 30 - days);
    if (fits && at.getTime() >= from - days * DAY) {
      made.push({ at: at.getTime(), label: first ? month(at) : days > 2 ? `${at.getDate()} ${MONTHS[at.getMonth()].slice(0, 3)}` : shortDate(at.getTime()), strong: first });
    }
  }
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} months
 * @returns {Tick[]}
 */
function monthTicks(from, to, months) {
  /** @type {Tick[]} */
  const made = [];
  const start = new Date(from);
  const begin = months > 12 ? Math.floor(start.getFullYear() / (months / 12)) * (months / 12) : start.getFullYear();
  for (let n = 0; ; n += months) {
    const at = new Date(begin, n, 1);
    if (at.getTime() >= to) return made;
    const strong = at.getMonth() === 0;
    made.push({ at: at.getTime(), label: strong ? String(at.getFullYear()) : MONTHS[at.getMonth()].slice(0, 3), strong });
  }
}

/** @param {Date} at */
function month(at) {
  return `${MONTHS[at.getMonth()].slice(0, 3)} ${at.getFullYear()}`;
}
