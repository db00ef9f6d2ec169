// Drawing the timeline: a function of the scene, nothing kept between two pictures.

import { HOUR, clock } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { lastBefore } from "/web/record.js";
import { thumb } from "/web/images.js";
import { ticks } from "/web/axis.js";
import { text } from "/web/strings.js";

/** @import { Thumb } from "/web/images.js" */
/** @import { Legible } from "/web/legible.js" */
/** @import { Record } from "/web/record.js" */
/** @import { Lane, Mark, Note, Range, Source } from "types/page" */
/** @import { Density } from "types/shapes" */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {(ctx: Context, scene: Scene) => void} Layer what draws a part of the whole */
/** @typedef {(ctx: Context, scene: Scene, source: Source, y: number) => void} Band what draws a part of a recording, whose lane begins at `y` */
/** @typedef {{ [Name in (typeof NAMES)[number]]: string }} Ink colours of CSS by name */

/**
 * What is to be drawn; places in px, `scale` in ms a px, `down` how far the lanes are scrolled.
 * @typedef {object} Scene
 * @property {number} width
 * @property {number} height
 * @property {number} from
 * @property {number} scale
 * @property {number} down
 * @property {number | null} at
 * @property {Lane[]} lanes
 * @property {Record} record
 * @property {Note[]} notes
 * @property {Mark[]} marks
 * @property {Range | null} range
 * @property {Legible} legible
 * @property {Density | null} density of views that are too wide for pictures
 * @property {Ink} ink
 * @property {string} face of the letters
 * @property {boolean} still whether nothing is to fade in
 */

export const AXIS = 34; // px above the first lane
export const LANE = 53;
const STRIP = 32;
const SPEECH_Y = 37;
const SPEECH = 5;
const SHOWN_Y = 45; // text on screen, below the speech
const SHOWN = 3;
const COLUMN = 44; // px of a picture in the strip at least
const FADE_MS = 140;
export const CLOSE_MS = 36 * HOUR; // longer views show where recordings lie instead of their pictures

const NAMES = /** @type {const} */ (["bg", "surface", "raised", "line", "text", "muted", "faint", "accent", "accent-text", "on-accent", "speech", "note", "screen-text"]);

/**
 * The colours of the style sheet, by name, as they are in the light or the dark.
 * @returns {Ink}
 */
export function colours() {
  const probe = document.createElement("i");
  document.body.append(probe);
  const ink = /** @type {Ink} */ (Object.fromEntries(NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  })));
  probe.remove();
  return ink;
}

/**
 * Draw it; true when a picture is still fading in and another drawing is due.
 * @param {Context} ctx
 * @param {Scene} scene
 */
export function paint(ctx, scene) {
  const { width, height, ink } = scene;
  ctx.clearRect(0, 0, width, height);
  axis(ctx, scene);
  heat(ctx, scene);
  let fading = false;
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, AXIS - 4, width, height);
  ctx.clip();
  scene.lanes.forEach((lane, index) => {
    const y = AXIS + index * LANE - scene.down;
    if (y > height || y + LANE < 0) return;
    ctx.fillStyle = ink.line;
    ctx.fillRect(0, y + STRIP / 2, width, 1);
    for (const source of lane.sources) fading = recording(ctx, scene, source, y) || fading;
  });
  chosen(ctx, scene);
  marks(ctx, scene);
  ctx.restore();
  loose(ctx, scene);
  head(ctx, scene);
  return fading;
}

/**
 * @param {Scene} scene
 * @param {number} at
 */
const xOf = (scene, at) => (at - scene.from) / scene.scale;

/** @type {Layer} */
function axis(ctx, scene) {
  const { ink, width, height } = scene;
  ctx.font = `12px ${scene.face}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const tick of ticks(scene.from, scene.from + width * scene.scale, scene.scale, 80)) {
    const x = Math.round(xOf(scene, tick.at));
    ctx.fillStyle = ink.line;
    ctx.fillRect(x, 18, 1, height);
    if (x < -6 || under(scene, x + 6, ctx.measureText(tick.label).width)) continue;
    ctx.fillStyle = tick.strong ? ink.text : ink.muted;
    ctx.fillText(tick.label, x + 6, 11);
  }
  const now = xOf(scene, Date.now());
  if (now > 0 && now < width) {
    ctx.fillStyle = ink.faint;
    ctx.fillRect(Math.round(now), 18, 1, height);
    ctx.fillText(text.time.now, now + 6, 11 + 14);
  }
}

/** @type {Layer} */
function heat(ctx, scene) {
  if (!scene.density) return;
  const most = Math.max(1, ...scene.density.buckets.map((bucket) => bucket.frames));
  const wide = Math.max(2, (scene.density.bucket_seconds * 1000) / scene.scale);
  for (const bucket of scene.density.buckets) {
    const x = xOf(scene, Date.parse(bucket.start));
    if (x + wide < 0 || x > scene.width) continue;
    ctx.globalAlpha = 0.25 + 0.75 * Math.sqrt(bucket.frames / most);
    ctx.fillStyle = bucket.segments ? scene.ink.speech : scene.ink.muted;
    if (bucket.frames || bucket.segments) ctx.fillRect(x, 21, Math.max(2, wide - (wide > 6 ? 1 : 0)), 8);
  }
  ctx.globalAlpha = 1;
}

/** @type {(ctx: Context, scene: Scene, source: Source, y: number) => boolean} */
function recording(ctx, scene, source, y) {
  const from = xOf(scene, source.start);
  const wide = Math.max(3, xOf(scene, endOf(source)) - from);
  if (from > scene.width || from + wide < 0) return false;
  const close = scene.scale * scene.width <= CLOSE_MS;
  let fading = false;
  ctx.save();
  ctx.beginPath();
  ctx.roundRect(from, y, wide, STRIP, Math.min(4, wide / 2));
  ctx.clip();
  ctx.fillStyle = close ? scene.ink.raised : scene.ink.faint;
  ctx.fillRect(from, y, wide, STRIP);
  if (close && wide > 6) fading = strip(ctx, scene, source, from, wide, y);
  ctx.restore();
  edge(ctx, scene, source, from, y, wide);
  if (close) {
    said(ctx, scene, source, y);
    legible(ctx, scene, source, y);
    noted(ctx, scene, source, y);
  }
  return fading;
}

/**
 * @param {Context} ctx
 * @param {Scene} scene
 * @param {Source} source
 * @param {number} from
 * @param {number} wide
 * @param {number} y
 */
function strip(ctx, scene, source, from, wide, y) {
  // Steps of powers of two, so that the pictures stay the same while the view zooms.
  const step = 1000 * 2 ** Math.ceil(Math.log2((COLUMN * scene.scale) / 1000));
  const column = step / scene.scale;
  const { spans } = scene.record.track(source.id);
  let fading = false;
  for (let n = Math.max(0, Math.floor(-from / column)); n * column < wide; n += 1) {
    const x = from + n * column;
    if (x > scene.width) break;
    const at = source.start + n * step;
    const span = spans[lastBefore(spans, at)];
    if (!span || at >= span.end) {
      if (spans.length && scene.record.knows(at, at)) gap(ctx, scene, x, y, Math.min(column, from + wide - x));
      continue;
    }
    ctx.fillStyle = span.frame.colour;
    ctx.fillRect(x, y, column, STRIP);
    const small = thumb(span.frame);
    if (small) fading = cover(ctx, small, x, y, column, scene) || fading;
    ctx.fillStyle = scene.ink.line;
    ctx.fillRect(x + column - 1, y, 1, STRIP);
  }
  return fading;
}

/**
 * Slanted lines where the recording goes on and no picture of it was kept.
 * @type {(ctx: Context, scene: Scene, x: number, y: number, wide: number) => void}
 */
function gap(ctx, scene, x, y, wide) {
  ctx.strokeStyle = scene.ink.faint;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let at = Math.ceil((x - STRIP) / 6) * 6; at < x + wide; at += 6) {
    const [left, right] = [Math.max(at, x), Math.min(at + STRIP, x + wide)];
    if (left >= right) continue;
    ctx.moveTo(left, y + STRIP - (left - at));
    ctx.lineTo(right, y + STRIP - (right - at));
  }
  ctx.stroke();
}

/**
 * @param {Context} ctx
 * @param {Thumb} small
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {Scene} scene
 */
function cover(ctx, small, x, y, wide, scene) {
  const { naturalWidth: w, naturalHeight: h } = small.picture;
  const fit = Math.max(wide / w, STRIP / h);
  const alpha = scene.still ? 1 : Math.min(1, (performance.now() - small.since) / FADE_MS);
  ctx.globalAlpha = alpha;
  ctx.drawImage(small.picture, (w - wide / fit) / 2, (h - STRIP / fit) / 2, wide / fit, STRIP / fit, x, y, wide, STRIP);
  ctx.globalAlpha = 1;
  return alpha < 1;
}

/**
 * A quiet edge, so that a white picture does not melt into a white page; dashed where the time is doubtful.
 * @param {Context} ctx
 * @param {Scene} scene
 * @param {Source} source
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 */
function edge(ctx, scene, source, x, y, wide) {
  const doubtful = source.time_confidence === "low";
  const thick = doubtful ? 1.5 : 1;
  ctx.save();
  ctx.strokeStyle = doubtful ? scene.ink.accent : scene.ink.line;
  ctx.lineWidth = thick;
  if (doubtful) ctx.setLineDash([4, 3]);
  ctx.beginPath();
  ctx.roundRect(x + thick / 2, y + thick / 2, Math.max(thick, wide - thick), STRIP - thick, Math.min(4, wide / 2));
  ctx.stroke();
  ctx.restore();
}

/**
 * Bars for rows of time, those closer than 3 px joined; rows must be in the order of time.
 * @param {Context} ctx
 * @param {Scene} scene
 * @param {{ start: number, end: number }[]} rows
 * @param {number} y
 * @param {number} least
 * @param {number} [high]
 */
function bars(ctx, scene, rows, y, least, high = SPEECH) {
  const until = scene.from + scene.width * scene.scale;
  /** @type {number | null} */
  let begin = null;
  let end = 0;
  const flush = () => {
    if (begin === null) return;
    ctx.beginPath();
    ctx.roundRect(begin, y, Math.max(least, end - begin), high, high / 2);
    ctx.fill();
  };
  for (let i = Math.max(0, lastBefore(rows, scene.from)); i < rows.length && rows[i].start < until; i += 1) {
    const [from, to] = [xOf(scene, rows[i].start), xOf(scene, rows[i].end)];
    if (begin !== null && from - end < 3) {
      end = Math.max(end, to);
      continue;
    }
    flush();
    [begin, end] = [from, to];
  }
  flush();
}

/** @type {Band} */
function said(ctx, scene, source, y) {
  ctx.fillStyle = scene.ink.speech;
  bars(ctx, scene, scene.record.track(source.id).segments, y + SPEECH_Y, 3);
}

/** @type {Band} */
function legible(ctx, scene, source, y) {
  ctx.fillStyle = scene.ink["screen-text"];
  bars(ctx, scene, scene.legible.of(source.id), y + SHOWN_Y, 3, SHOWN);
}

/**
 * The chosen range: a wash with two edges.
 * @type {Layer}
 */
function chosen(ctx, scene) {
  if (!scene.range) return;
  const [from, to] = [xOf(scene, scene.range.from), xOf(scene, scene.range.to)];
  if (to < 0 || from > scene.width) return;
  ctx.fillStyle = scene.ink.accent;
  ctx.globalAlpha = 0.2;
  ctx.fillRect(from, AXIS - 4, Math.max(1, to - from), scene.height);
  ctx.globalAlpha = 1;
  for (const x of [from, to]) ctx.fillRect(Math.round(x) - 1, AXIS - 4, 2, scene.height);
}

/** @type {Band} */
function noted(ctx, scene, source, y) {
  for (const note of scene.notes) {
    if (note.source_id === source.id) dot(ctx, scene, note, y + SPEECH_Y + SPEECH / 2);
  }
}

/** @type {Layer} */
function loose(ctx, scene) {
  if (scene.scale * scene.width > CLOSE_MS) return;
  for (const note of scene.notes) if (note.source_id === null) dot(ctx, scene, note, 25);
}

/** @type {(ctx: Context, scene: Scene, note: Note, y: number) => void} */
function dot(ctx, scene, note, y) {
  const [from, to] = [xOf(scene, note.start), xOf(scene, note.end)];
  if (to < -4 || from > scene.width + 4) return;
  ctx.beginPath();
  if (to - from > 8) ctx.roundRect(from, y - 2.5, to - from, 5, 2.5);
  else ctx.arc(from, y, 3.5, 0, 7);
  ctx.fillStyle = scene.ink.note;
  ctx.fill();
  ctx.strokeStyle = scene.ink.surface;
  ctx.stroke();
}

/** @type {Layer} */
function marks(ctx, scene) {
  ctx.fillStyle = scene.ink.accent;
  const taken = new Set(); // a mark every 6 px of a lane says as much as a solid block, and hides less
  for (const mark of scene.marks) {
    const index = scene.lanes.findIndex((lane) => lane.sources.some((source) => source.id === mark.source));
    const x = xOf(scene, mark.at);
    const place = `${index}:${Math.round(x / 6)}`;
    if (index < 0 || x < -4 || x > scene.width + 4 || taken.has(place)) continue;
    taken.add(place);
    ctx.beginPath();
    ctx.roundRect(x - 1.5, AXIS + index * LANE - scene.down - 4, 3, STRIP + 14, 1.5);
    ctx.fill();
  }
}

const PILL = 68; // px wide

/**
 * @param {Scene} scene
 * @param {number} at
 */
function pillLeft(scene, at) {
  return Math.max(0, Math.min(scene.width - PILL, xOf(scene, at) - PILL / 2));
}

/**
 * Whether a label at `x` would lie beneath the instant's own.
 * @param {Scene} scene
 * @param {number} x
 * @param {number} wide
 */
function under(scene, x, wide) {
  if (scene.at === null || Math.abs(xOf(scene, scene.at) - scene.width / 2) > scene.width / 2 + 40) return false;
  const left = pillLeft(scene, scene.at);
  return x < left + PILL + 4 && x + wide > left - 4;
}

/** @type {Layer} */
function head(ctx, scene) {
  if (scene.at === null) return;
  const x = xOf(scene, scene.at);
  if (x < -40 || x > scene.width + 40) return;
  const { ink } = scene;
  ctx.fillStyle = ink.accent;
  ctx.fillRect(Math.round(x) - 1, 18, 2, scene.height);
  ctx.font = `600 12px ${scene.face}`;
  const left = pillLeft(scene, scene.at);
  ctx.fillStyle = ink["accent-text"];
  ctx.beginPath();
  ctx.roundRect(left, 1, PILL, 20, 10);
  ctx.fill();
  ctx.fillStyle = ink["on-accent"];
  ctx.textAlign = "center";
  ctx.fillText(clock(scene.at), left + PILL / 2, 11.5);
  ctx.textAlign = "left";
}
