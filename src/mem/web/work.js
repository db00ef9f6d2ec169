// Plain words for the states, stages and outcomes of work.

export const STATES = {
  queued: "Waiting", running: "Working", retrying: "Trying again soon", done: "Done", partial: "Partly done",
  failed: "Failed", cancelled: "Cancelled",
};

export const STAGES = {
  look: "finding out when it was recorded", see: "looking at the picture", hear: "writing down what was said",
  index: "making it searchable",
};

/** What a finished job did, in a line. */
export function outcome(result, length) {
  if (!result) return "";
  if (result.known) return "It was known already.";
  const number = (value) => value.toLocaleString("en");
  const parts = [];
  if (result.samples) parts.push(`${number(result.frames)} of ${number(result.samples)} pictures kept`);
  if (result.speech_seconds) parts.push(`${length(result.speech_seconds * 1000)} of speech`);
  if (result.realtime_factor) parts.push(`${result.realtime_factor.toFixed(1)} × as fast as real time`);
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
