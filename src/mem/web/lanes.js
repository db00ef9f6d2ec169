// Lanes: recordings of one place and device share a row; those that overlap in time get rows of their own.

import { HOUR } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Lane, Source } from "types/page" */

/**
 * Where a recording is shown to end: what is known, else what its file states, else now.
 * @param {Source} source
 */
export function endOf(source) {
  if (source.end !== null) return source.end;
  const stated = source.media?.duration_ms;
  return source.start + (stated ?? Math.max(0, Math.min(Date.now() - source.start, HOUR)));
}

/**
 * [{key, name, about, sources}] in a steady order: labelled lanes by name, the others last.
 * @param {Iterable<Source>} sources
 * @returns {Lane[]}
 */
export function arrange(sources) {
  /** @type {Map<string, Source[]>} */
  const groups = new Map();
  for (const source of [...sources].sort((a, b) => a.start - b.start || a.id - b.id)) {
    const key = JSON.stringify([source.location ?? "", source.device ?? ""]);
    const group = groups.get(key);
    if (group) group.push(source);
    else groups.set(key, [source]);
  }
  const lanes = [...groups].flatMap(([key, group]) =>
    rows(group).map((row, index) => ({ key: `${key}${index}`, sources: row, ...named(row) })));
  return lanes.sort((a, b) => a.plain - b.plain || a.name.localeCompare(b.name) || a.key.localeCompare(b.key));
}

/** @param {Source[]} group */
function rows(group) {
  /** @type {Source[][]} */
  const made = [];
  for (const source of group) {
    const free = made.find((row) => endOf(row[row.length - 1]) <= source.start);
    if (free) free.push(source);
    else made.push([source]);
  }
  return made;
}

/** @param {Source[]} row */
function named(row) {
  const { location, device, name } = row[0];
  const count = text.timeline.several(row.length);
  if (location) return { name: location, about: device ?? count, plain: 0 };
  if (device) return { name: device, about: count, plain: 0 };
  return row.length === 1 ? { name, about: text.timeline.recording, plain: 1 } : { name: text.timeline.recordings, about: count, plain: 1 };
}
