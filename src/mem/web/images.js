// Small pictures for the timeline: fetched a few at a time, newest wish first, a bounded number kept.

import { image } from "/web/api.js";

/** @import { Frame } from "types/page" */

const KEPT = 600;
const AT_ONCE = 6;
const WAITING = 120;
export const THUMB = 320;

/** @typedef {{ picture: HTMLImageElement, since: number }} Thumb */

/** @type {Map<string, Thumb | null>} */
const held = new Map(); // the last one used at the end
/** @type {string[]} */
let wishes = [];
let loading = 0;

/** Called whenever a picture has arrived. */
export const arrived = new EventTarget();

/**
 * {picture, since}: a decoded thumbnail and when it came (performance.now), or null until then.
 * @param {Frame} frame
 * @returns {Thumb | null}
 */
export function thumb(frame) {
  const src = image(frame, THUMB);
  const found = held.get(src);
  if (found !== undefined) {
    held.delete(src);
    held.set(src, found);
    return found;
  }
  held.set(src, null);
  wishes.push(src);
  for (const late of wishes.splice(0, Math.max(0, wishes.length - WAITING))) held.delete(late);
  next();
  return null;
}

function next() {
  for (let src; loading < AT_ONCE && (src = wishes.pop()); ) fetchOne(src);
}

/** @param {string} src */
async function fetchOne(src) {
  loading += 1;
  const picture = new Image();
  picture.src = src;
  try {
    await picture.decode();
    held.set(src, { picture, since: performance.now() });
  } catch {
    held.set(src, null);
  }
  loading -= 1;
  for (const oldest of held.keys()) {
    if (held.size <= KEPT) break;
    held.delete(oldest);
  }
  arrived.dispatchEvent(new Event("picture"));
  next();
}

/** Forget failures and wishes, for a server that came back. */
export function again() {
  wishes = [];
  for (const [src, found] of held) if (!found) held.delete(src);
  arrived.dispatchEvent(new Event("picture"));
}
