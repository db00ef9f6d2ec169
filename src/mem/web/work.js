// Plain words for the states, stages and outcomes of work.

import { text } from "/web/strings.js";

export const STATES = text.jobs.states;
export const STAGES = text.jobs.stages;

/** What a finished job did, in a line. */
export function outcome(result, length) {
  if (!result) return "";
  if (result.known) return text.jobs.known;
  const parts = [];
  if (result.samples) parts.push(text.jobs.kept(result.frames, result.samples));
  if (result.speech_seconds) parts.push(text.jobs.speech(length(result.speech_seconds * 1000)));
  if (result.realtime_factor) parts.push(text.jobs.speed(result.realtime_factor));
  return parts.join(" · ");
}

/** "1.4 GB" */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${unit && count < 10 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}
