// Covering: a person frames a part of the picture, and it is made unrecognisable for good, words and all.

import { send } from "/web/api.js";
import { announce, el, fill } from "/web/dom.js";
import { clock, iso, moment } from "/web/time.js";
import { endOf } from "/web/lanes.js";
import { finished } from "/web/deleting.js";
import { frameOf } from "/web/framing.js";
import { text } from "/web/strings.js";

const words = text.cover;
const ALL = [0, 0, 1, 1];

/** Let a person frame a part of `frame` in `box`, guided from where `head` stands, and cover it; true once that is done. */
export async function cover(box, head, frame, stretches) {
  const region = await framed(box, head, frame);
  return region !== null && asked(region.every((share, i) => share === ALL[i]) ? null : region, stretches);
}

/** The stretches of time that can be covered from here: {frame, range, source}, null where there is none. */
export function stretches(source, span, range) {
  return {
    frame: { from: span.start, to: span.end },
    range,
    source: { from: source.start, to: Math.max(endOf(source), span.end) },
    of: source.id,
  };
}

/** The region that a person frames, as shares of the picture; null when they leave it. */
function framed(box, head, frame) {
  return new Promise((done) => {
    const framing = frameOf(frame, { go: () => end(framing.region()), leave: () => end(null) });
    const bar = el("div", { class: "cover-bar" }, el("h1", {}, words.open), el("p", { id: "cover-help" }, words.choose, el("span", { class: "muted by-keys" }, words.byKeys)), el("div", { class: "row" },
      el("button", { class: "pill", type: "button", onclick: () => end(null) }, words.cancel),
      el("button", { class: "pill", type: "button", onclick: () => end(ALL) }, words.all),
      el("button", { class: "pill strong", type: "button", onclick: () => end(framing.region()) }, words.next)));
    const veil = el("div", { class: "cover", role: "group", "aria-label": words.region }, framing.element);
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

/** Ask what stretch of time it is about, and do it; true once it is done. */
async function asked(region, { of, ...choices }) {
  const list = el("ul", { class: "counts" });
  const what = el("p", { role: "status" }, words.looking);
  const go = el("button", { class: "pill danger", type: "button", disabled: true }, words.goAny);
  const keep = el("button", { class: "pill", type: "button", onclick: () => dialog.close() }, words.keep);
  let wanted = null;
  const look = async (name) => {
    wanted = { from: iso(choices[name].from), to: iso(choices[name].to), source: of, region };
    go.disabled = true;
    const plan = await send("POST", "/api/redact", { ...wanted, dry_run: true }).catch((problem) => problem);
    if (wanted.from !== iso(choices[name].from) || wanted.to !== iso(choices[name].to)) return; // another was chosen since
    if (!("pictures" in plan)) return void fill(what, text.connection.again(plan));
    fill(what, plan.pictures ? words.final : words.nothing);
    fill(list, named(plan, region).map((line) => el("li", {}, line)));
    fill(go, plan.pictures ? words.go(plan.pictures) : words.goAny);
    go.disabled = !plan.pictures;
  };
  const dialog = el("dialog", { class: "ask", "aria-labelledby": "cover-title" }, el("h2", { id: "cover-title" }, region ? words.title : words.titleAll),
    el("fieldset", { class: "stretches" }, el("legend", {}, words.when), Object.entries(choices).filter(([, range]) => range).map(([name, range]) =>
      el("label", { class: "check" }, el("input", { type: "radio", name: "stretch", value: name, checked: name === "frame", onchange: () => look(name) }),
        el("span", {}, words.spans[name], el("span", { class: "muted" }, words.stretch(moment(range.from), clock(range.to))))))),
    list, what, el("div", { class: "row" }, keep, go));
  document.body.append(dialog);
  dialog.showModal();
  look("frame");
  let covered = false;
  go.addEventListener("click", async () => {
    go.disabled = keep.disabled = true;
    fill(what, words.busy);
    try {
      await finished(await send("POST", "/api/redact", { ...wanted, dry_run: false }));
      covered = true;
      announce(words.done);
      dialog.close();
    } catch (problem) {
      keep.disabled = false;
      fill(what, text.connection.again(problem));
    }
  });
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  dialog.remove();
  return covered;
}

/** What a covering would do, in words. */
function named(plan, region) {
  if (!plan.pictures) return [];
  return [region ? words.pictures(plan.pictures) : words.black(plan.pictures), !region && words.said,
    plan.originals && words.original, plan.detached && words.detached].filter(Boolean);
}
