// The ring in the top bar: how much work goes on at the server, how far it is, and how long it takes.

import { el, fill, show } from "/web/dom.js";
import { length } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Jobs } from "/web/jobs.js" */

/**
 * Keep `element` in step with the jobs.
 * @param {HTMLElement} element
 * @param {Jobs} jobs
 */
export function badge(element, jobs) {
  jobs.addEventListener("change", () => {
    const active = jobs.active();
    show(element, active.length > 0);
    if (!active.length) return;
    const part = Math.round((active.reduce((sum, job) => sum + job.progress, 0) / active.length) * 100);
    const left = jobs.allLeft();
    const ring = el("span", { class: "ring" });
    ring.style.setProperty("--part", `${part}%`);
    const words = text.jobs.badge(active.length, part, left === null ? "" : length(left));
    fill(element, ring, el("span", {}, words));
    element.setAttribute("aria-label", words);
  });
}
