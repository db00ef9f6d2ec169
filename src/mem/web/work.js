// Plain words for the states, stages and outcomes of work.

import { text } from "/web/strings.js";

export const STATES = text.jobs.states;
/** @type {{ [stage: string]: string | undefined }} */
export const STAGES = text.jobs.stages;

/**
 * What a job tells of when it ends, as far as it came to that.
 * @typedef {object} Outcome
 * @property {boolean} [known] the file had been taken in before
 * @property {number} [samples]
 * @property {number} [frames]
 * @property {number} [lines] of text on the screen
 * @property {number} [speech_seconds]
 * @property {number} [realtime_factor]
 * @property {string[]} [warnings]
 */

/**
 * What a finished job did, in a line.
 * @param {Outcome | null} result
 * @param {(ms: number) => string} length
 */
export function outcome(result, length) {
  if (!result) return "";
  if (result.known) return text.jobs.known;
  const parts = [];
  if (result.samples) parts.push(text.jobs.kept(result.frames ?? 0, result.samples));
  if (typeof result.lines === "number") parts.push(text.jobs.read(result.lines));
  if (result.speech_seconds) parts.push(text.jobs.speech(length(result.speech_seconds * 1000)));
  if (result.realtime_factor) parts.push(text.jobs.speed(result.realtime_factor));
  return parts.join(" · ");
}

/**
 * "1.4 GB"
 * @param {number} count
 */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${unit && count < 10 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}
