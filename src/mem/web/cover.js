// Covering: a person frames a part of the picture, and it is made unrecognisable for good, words and all.

import { send } from "/web/api.js";
import { announce, el, fill } from "/web/dom.js";
import { clock, iso, moment } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { finished } from "/web/deleting.js";
import { frameOf } from "/web/framing.js";
import { text } from "/web/strings.js";

/** @import { Frame, Range, Region, Source, Span } from "types/page" */
/** @import { Receipt, RedactionPlan } from "types/shapes" */
/** @typedef {{ frame: Range, range: Range | null, source: Range, of: number }} Stretches */

const words = text.cover;
/** @type {Region} */
const ALL = [0, 0, 1, 1];

/**
 * Let a person frame a part of `frame` in `box`, guided from where `head` stands, and cover it; true once that is done.
 * @param {HTMLElement} box
 * @param {HTMLElement} head
 * @param {Frame} frame
 * @param {Stretches} stretches
 */
export async function cover(box, head, frame, stretches) {
  const region = await framed(box, head, frame);
  return region !== null && asked(region.every((share, i) => share === ALL[i]) ? null : region, stretches);
}

/**
 * The stretches of time that can be covered from here: {frame, range, source}, null where there is none.
 * @param {Source} source
 * @param {Span} span
 * @param {Range | null} range
 * @returns {Stretches}
 */
export function stretches(source, span, range) {
  return {
    frame: { from: span.start, to: span.end },
    range,
    source: { from: source.start, to: Math.max(endOf(source), span.end) },
    of: source.id,
  };
}

/**
 * The region that a person frames, as shares of the picture; null when they leave it.
 * @param {HTMLElement} box
 * @param {HTMLElement} head
 * @param {Frame} frame
 * @returns {Promise<Region | null>}
 */
function framed(box, head, frame) {
  return new Promise((done) => {
    const framing = frameOf(frame, { go: () => end(framing.region()), leave: () => end(null) });
    const bar = el("div", { class: "cover-bar" }, el("h1", {}, words.open), el("p", { id: "cover-help" }, words.choose, el("span", { class: "muted by-keys" }, words.byKeys)), el("div", { class: "row" },
      el("button", { class: "pill", type: "button", onclick: () => end(null) }, words.cancel),
      el("button", { class: "pill", type: "button", onclick: () => end(ALL) }, words.all),
      el("button", { class: "pill strong", type: "button", onclick: () => end(framing.region()) }, words.next)));
    const veil = el("div", { class: "cover", role: "group", "aria-label": words.region }, framing.element);
    /** @param {Region | null} region */
    const end = (region) => {
      framing.end();
      veil.remove();
      bar.remove();
      head.hidden = false;
      box.classList.remove("covering");
      done(region);
    };
    box.classList.add("covering");
    box.append(veil);
    head.hidden = true;
    head.before(bar);
    framing.begin();
  });
}

/**
 * Ask what stretch of time it is about, and do it; true once it is done.
 * @param {Region | null} region
 * @param {Stretches} stretches
 */
async function asked(region, { of, ...choices }) {
  const list = el("ul", { class: "counts" });
  const what = el("p", { role: "status" }, words.looking);
  const go = el("button", { class: "pill danger", type: "button", disabled: true }, words.goAny);
  /** @type {HTMLButtonElement} */
  const keep = el("button", { class: "pill", type: "button", onclick: () => dialog.close() }, words.keep);
  /** @param {Range} range */
  const about = ({ from, to }) => ({ from: iso(from), to: iso(to), source: of, region });
  let wanted = about(choices.frame);
  /** @param {Range} range */
  const look = async (range) => {
    const asking = (wanted = about(range));
    go.disabled = true;
    const plan = await send("POST", "/api/redact", { ...asking, dry_run: true }).catch((problem) => String(problem));
    if (asking !== wanted) return; // another was chosen since
    if (typeof plan === "string" || !("pictures" in plan)) return void fill(what, String(plan));
    fill(what, plan.pictures ? words.final : words.nothing);
    fill(list, named(plan, region).map((line) => el("li", {}, line)));
    fill(go, plan.pictures ? words.go(plan.pictures) : words.goAny);
    go.disabled = !plan.pictures;
  };
  /** @type {(keyof typeof choices)[]} */
  const names = ["frame", "range", "source"];
  /** @type {HTMLDialogElement} */
  const dialog = el("dialog", { class: "ask", "aria-labelledby": "cover-title" }, el("h2", { id: "cover-title" }, region ? words.title : words.titleAll),
    el("fieldset", { class: "stretches" }, el("legend", {}, words.when), names.map((name) => {
      const range = choices[name];
      return range && el("label", { class: "check" },
        el("input", { type: "radio", name: "stretch", value: name, checked: name === "frame", onchange: () => look(range) }),
        el("span", {}, words.spans[name], el("span", { class: "muted" }, words.stretch(moment(range.from), clock(range.to)))));
    })),
    list, what, el("div", { class: "row" }, keep, go));
  document.body.append(dialog);
  dialog.showModal();
  look(choices.frame);
  let covered = false;
  go.addEventListener("click", async () => {
    go.disabled = keep.disabled = true;
    fill(what, words.busy);
    try {
      await finished(/** @type {Receipt} */ (await send("POST", "/api/redact", { ...wanted, dry_run: false })));
      covered = true;
      announce(words.done);
      dialog.close();
    } catch (problem) {
      keep.disabled = false;
      fill(what, String(problem));
    }
  });
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  dialog.remove();
  return covered;
}

/**
 * What a covering would do, in words.
 * @param {RedactionPlan} plan
 * @param {Region | null} region
 */
function named(plan, region) {
  if (!plan.pictures) return [];
  return [region ? words.pictures(plan.pictures) : words.black(plan.pictures), !region && words.said,
    plan.originals > 0 && words.original, plan.detached > 0 && words.detached].filter((line) => line !== false);
}
