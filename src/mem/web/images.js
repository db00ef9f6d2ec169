// Small pictures for the timeline: fetched a few at a time, newest wish first, a bounded number kept.

import { image } from "/web/api.js";

const KEPT = 600;
const AT_ONCE = 6;
const WAITING = 120;
export const THUMB = 320;

const held = new Map();
let wishes = [];
let loading = 0;

/** Called whenever a picture has arrived. */
export const arrived = new EventTarget();

/** {picture, since}: a decoded thumbnail and when it came (performance.now), or null until then. */
export function thumb(frame) {
  const src = image(frame, THUMB);
  const found = held.get(src);
  if (found) {
    held.delete(src);
    held.set(src, found);
    return found.picture ? found : null;
  }
  held.set(src, { picture: null, since: 0 });
  wishes.push(src);
  while (wishes.length > WAITING) held.delete(wishes.shift());
  next();
  return null;
}

function next() {
  while (loading < AT_ONCE && wishes.length) fetchOne(wishes.pop());
}

async function fetchOne(src) {
  loading += 1;
  const picture = new Image();
  picture.src = src;
  try {
    await picture.decode();
    held.set(src, { picture, since: performance.now() });
  } catch {
    held.set(src, { picture: null, since: 0 });
  }
  loading -= 1;
  while (held.size > KEPT) held.delete(held.keys().next().value);
  arrived.dispatchEvent(new Event("picture"));
  next();
}

/** Forget failures and wishes, for a server that came back. */
export function again() {
  wishes = [];
  for (const [src, { picture }] of held) if (!picture) held.delete(src);
  arrived.dispatchEvent(new Event("picture"));
}
