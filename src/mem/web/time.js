// Instants are milliseconds since 1970 in UTC; people see them in the zone of this browser.

import { text } from "/web/strings.js";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const HOURS_OF_YEAR = 365.25 * 24;
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");
const { weekdays: WEEKDAYS, units } = text.time;
export const MONTHS = text.time.months;

/**
 * "14:05:07"
 * @param {number} ms
 */
export function clock(ms) {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/**
 * "14:05"
 * @param {number} ms
 */
export function minutes(ms) {
  return clock(ms).slice(0, 5);
}

/**
 * "Friday, 20 November 2026"
 * @param {number} ms
 */
export function date(ms) {
  const at = new Date(ms);
  return `${WEEKDAYS[at.getDay()]}, ${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
}

/**
 * "Fri 20 Nov", with the year when it is not this one.
 * @param {number} ms
 */
export function shortDate(ms) {
  const at = new Date(ms);
  const year = at.getFullYear() === new Date().getFullYear() ? "" : ` ${at.getFullYear()}`;
  return `${WEEKDAYS[at.getDay()].slice(0, 3)} ${at.getDate()} ${MONTHS[at.getMonth()].slice(0, 3)}${year}`;
}

/**
 * "Fri 20 Nov, 14:05:07"
 * @param {number} ms
 */
export function moment(ms) {
  return `${shortDate(ms)}, ${clock(ms)}`;
}

/**
 * "2026-11-20 13:05:07 UTC", for titles.
 * @param {number} ms
 */
export function utc(ms) {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/**
 * What the API understands.
 * @param {number} ms
 */
export function iso(ms) {
  return new Date(Math.round(ms)).toISOString();
}

/**
 * "0:05:07"
 * @param {number} ms
 */
export function offset(ms) {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/**
 * "14 s", "2 min 35 s", "1 h 12 min", "3 days", "26 years": the two largest units that matter, none apart from its number.
 * @param {number} ms
 */
export function length(ms) {
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds}\u00a0${units.s}`;
  if (seconds < 600) return parts(Math.floor(seconds / 60), units.min, seconds % 60, units.s);
  if (seconds < 3600) return `${Math.round(seconds / 60)}\u00a0${units.min}`;
  const mins = Math.round(seconds / 60);
  if (mins < 1440) return parts(Math.floor(mins / 60), units.h, mins % 60, units.min);
  const hours = Math.round(seconds / 3600);
  if (hours >= 2 * HOURS_OF_YEAR) return `${Math.round(hours / HOURS_OF_YEAR)}\u00a0${units.years}`;
  return parts(Math.floor(hours / 24), hours < 48 ? units.day : units.days, hours % 24, units.h);
}

/**
 * @param {number} large
 * @param {string} unit
 * @param {number} small
 * @param {string} smallUnit
 */
function parts(large, unit, small, smallUnit) {
  return small ? `${large}\u00a0${unit} ${small}\u00a0${smallUnit}` : `${large}\u00a0${unit}`;
}

/**
 * The first instant of the local day that holds `ms`; `days` later where given.
 * @param {number} ms
 * @param {number} [days]
 */
export function dayStart(ms, days = 0) {
  const at = new Date(ms);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days).getTime();
}

/**
 * The value of a datetime-local input: local, to the second.
 * @param {number} ms
 */
export function toInput(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(ms)}`;
}

/**
 * The instant that a datetime-local input says; NaN when it is empty.
 * @param {string} typed
 */
export function fromInput(typed) {
  return typed ? new Date(typed).getTime() : NaN;
}
