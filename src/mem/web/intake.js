// Take in: files on their way up, and the work on what has arrived.

import { announce, el, fill, paced, show } from "/web/dom.js";
import { clock, fromInput, iso, length, minutes, moment, utc } from "/web/time.js";
import { ACTIVE } from "/web/jobs.js";
import { speedOf } from "/web/uploads.js";
import { Recordings } from "/web/recordings.js";
import { Watched } from "/web/watched.js";
import { text } from "/web/strings.js";
import { STAGES, STATES, bytes, outcome } from "/web/work.js";

/** @import { Jobs } from "/web/jobs.js" */
/** @import { Pausing } from "/web/pausing.js" */
/** @import { Record } from "/web/record.js" */
/** @import { Upload, Uploads } from "/web/uploads.js" */
/** @import { Outcome } from "/web/work.js" */
/** @import { Wish } from "types/page" */
/** @import { Job } from "types/shapes" */

const REDRAW_MS = 200;
const words = text.intake;

/** @typedef {[name: string, act: () => unknown, title?: string]} Act a button */

/**
 * What a row shows; `part` of it is done, null where that says nothing, and it began or ended at `when`.
 * @typedef {object} Told
 * @property {string} name
 * @property {string} words
 * @property {string} tone
 * @property {number | null} part
 * @property {Act[]} buttons
 * @property {string[]} [more]
 * @property {number} [when]
 */

/** @typedef {{ element: HTMLElement, set(what: Told): void }} Row */

/** `wish`: open(source id), tell(text), erase(range, source). */
export class Intake {
  /** @type {Map<string, Row>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} root
   * @param {Record} record
   * @param {Uploads} uploads
   * @param {Jobs} jobs
   * @param {Pausing} pausing
   * @param {Pick<Wish, "open" | "tell">} wish
   */
  constructor(root, record, uploads, jobs, pausing, wish) {
    this.record = record;
    this.uploads = uploads;
    this.jobs = jobs;
    this.pausing = pausing;
    this.wish = wish;
    /** @type {HTMLInputElement} */
    this.folder = el("input", { type: "file", webkitdirectory: true, onchange: () => this.#chosen(this.folder) });
    this.watched = new Watched();
    this.doubtful = new Recordings(record, wish, { open: true });
    this.doubts = el("section", { id: "doubts", tabindex: -1 }, el("h2", {}, words.doubtful),
      el("p", { class: "muted" }, words.doubtfulWhy), this.doubtful.element);
    /** @type {HTMLInputElement} */
    this.input = el("input", { type: "file", multiple: true, class: "unseen", tabindex: -1, "aria-hidden": "true",
      accept: "video/*,audio/*,.mkv,.mts,.m2ts,.ts,.flv,.asf,.wmv", onchange: () => this.#chosen(this.input) });
    this.where = el("input", { type: "text", maxlength: 200, placeholder: words.placeHint, autocomplete: "off" });
    this.began = el("input", { type: "datetime-local", step: 1 });
    this.sending = el("ol", { class: "rows", "aria-label": words.files });
    this.sum = el("p", { class: "muted" });
    this.work = el("ol", { class: "rows", "aria-label": words.work });
    this.retryAll = el("button", { class: "quiet", type: "button", hidden: true, onclick: () => this.#retryAll() }, words.retryAll);
    this.none = el("p", { class: "muted" }, words.none);
    this.sendingPart = el("section", {}, el("h2", {}, words.files), this.sum, this.sending);
    fill(root, el("h1", {}, text.screens.intake), pausing.element, el("div", { class: "zone-drop" },
      el("p", { class: "lead" }, words.lead),
      el("button", { class: "pill strong", type: "button", onclick: () => this.choose() }, words.choose), this.input,
      el("button", { class: "pill", type: "button", onclick: () => this.folder.click() }, words.folder),
      el("div", { class: "fields" },
        el("label", {}, el("span", {}, words.place), this.where),
        el("label", {}, el("span", {}, words.began), this.began),
        el("p", { class: "muted" }, words.beganHelp))),
    this.sendingPart, this.doubts, el("section", {}, el("header", { class: "row" }, el("h2", {}, words.work), el("span", { class: "space" }), this.retryAll),
      this.work, this.none), this.watched.element);
    record.addEventListener("sources", () => this.#doubt());
    this.#doubt();
    this.redraw = paced(() => this.#draw(), REDRAW_MS);
    uploads.addEventListener("change", () => this.redraw());
    jobs.addEventListener("change", () => this.redraw());
    this.#draw();
  }

  /** Let a person choose files. */
  choose() {
    this.input.click();
  }

  /** Show the recordings of doubtful time. */
  fix() {
    this.doubts.scrollIntoView();
    /** @type {HTMLElement | null} */ (this.doubts.querySelector("input, button"))?.focus();
  }

  enter() {
    this.pausing.look();
    this.watched.enter();
  }

  leave() {
    this.watched.leave();
  }

  /**
   * Send these files.
   * @param {File[]} files
   */
  take(files) {
    const began = fromInput(this.began.value);
    const real = files.filter((file) => file.size > 0 || file.type);
    this.uploads.add(real, { location: this.where.value.trim(), started_at: Number.isFinite(began) ? iso(began) : null });
    if (real.length < files.length) this.wish.tell(words.leftOut);
    announce(real.length === 1 ? words.onItsWay(real[0].name) : words.onTheirWay(real.length));
    this.began.value = "";
  }

  /** @param {HTMLInputElement} input */
  #chosen(input) {
    this.take([...(input.files ?? [])]);
    input.value = "";
  }

  #doubt() {
    const doubtful = [...this.record.sources.values()].filter((source) => source.time_confidence === "low").sort((a, b) => b.start - a.start);
    this.doubtful.set(doubtful);
    show(this.doubts, doubtful.length > 0);
  }

  async #retryAll() {
    try {
      const queued = await this.jobs.retryAll();
      this.wish.tell(queued ? words.requeued(queued) : words.nothingRequeued);
    } catch (problem) {
      this.wish.tell(String(problem));
    }
  }

  #draw() {
    show(this.sendingPart, this.uploads.list.length > 0);
    const { count, size, sent, left } = this.uploads.total();
    fill(this.sum, count > 1 && [words.of(bytes(sent), bytes(size)), left !== null && words.ends(clock(Date.now() + left))].filter(Boolean).join(" · "));
    this.#reconcile(this.sending, this.uploads.list, "u", (upload, item) => this.#upload(upload, item));
    /** @param {Job} job */
    const rank = (job) => (job.state === "running" ? 2 : ACTIVE.includes(job.state) ? 1 : 0);
    const jobs = this.jobs.list().sort((a, b) => rank(b) - rank(a) || b.id - a.id);
    this.#reconcile(this.work, jobs, "j", (job, item) => this.#job(job, item));
    show(this.none, jobs.length === 0);
    show(this.retryAll, jobs.some((job) => job.state === "failed"));
  }

  /**
   * Rows are kept, so that focus stays on a button while its row moves on.
   * @template {{ id: number }} Thing
   * @param {HTMLElement} list
   * @param {Thing[]} things
   * @param {string} prefix
   * @param {(thing: Thing, row: Row) => void} update
   */
  #reconcile(list, things, prefix, update) {
    const rows = things.map((thing) => {
      const key = prefix + thing.id;
      const row = this.#rows.get(key) ?? rowOf();
      this.#rows.set(key, row);
      update(thing, row);
      return row.element;
    });
    if (rows.length !== list.children.length || rows.some((row, i) => row !== list.children[i])) list.replaceChildren(...rows);
  }

  /**
   * @param {Upload} upload
   * @param {Row} row
   */
  #upload(upload, row) {
    const { file, state } = upload;
    const share = file.size ? upload.sent / file.size : 0;
    const speed = speedOf(upload);
    const left = speed > 0 ? ((file.size - upload.sent) / speed) * 1000 : null;
    const of = words.of(bytes(upload.sent), bytes(file.size));
    const said = {
      waiting: words.waiting(bytes(file.size)),
      paused: words.paused(of),
      sending: upload.broken ? words.broke(of) : share >= 1 ? words.storing
        : [of, left !== null && words.left(length(left), clock(Date.now() + left))].filter(Boolean).join(" · "),
      known: words.known(upload.known ? moment(Date.parse(upload.known.started_at)) : ""),
      failed: upload.problem ?? "",
    }[state];
    /** @type {{ [State in Upload["state"]]: Act[] }} */
    const buttons = {
      waiting: [[words.cancel, () => this.uploads.cancel(upload)]],
      sending: [[words.pause, () => this.uploads.pause(upload)], [words.cancel, () => this.uploads.cancel(upload)]],
      paused: [[words.goOn, () => this.uploads.again(upload)], [words.cancel, () => this.uploads.cancel(upload)]],
      known: [[words.open, () => upload.known && this.wish.open(upload.known.id)], [words.dismiss, () => this.uploads.dismiss(upload)]],
      failed: [[words.again, () => this.uploads.again(upload)], [words.dismiss, () => this.uploads.dismiss(upload)]],
    };
    row.set({ name: file.name, words: said, tone: state === "failed" ? "bad" : "", part: state === "sending" || state === "paused" ? share : null, buttons: buttons[state] });
  }

  /**
   * @param {Job} job
   * @param {Row} row
   */
  #job(job, row) {
    const { id, state, source_id: source } = job;
    /** @type {Outcome | null} */
    const result = job.result;
    /** @type {{ [State in Job["state"]]?: string }} */
    const tones = { failed: "bad", partial: "half", done: "good" };
    const going = ACTIVE.includes(state);
    /** @type {Act[]} */
    const buttons = [];
    if (source !== null && state !== "failed") buttons.push([words.open, () => this.wish.open(source)]);
    if (going && !job.cancel_requested) buttons.push([words.cancel, () => this.#do(this.jobs.cancel(id))]);
    if (job.state === "queued" && jobsWaiting(this.jobs) > 1) buttons.push([words.sooner, () => this.#do(this.jobs.sooner(id)), words.soonerHelp]);
    if (["failed", "partial"].includes(state) && job.place && job.deaths > 0) {
      buttons.push([words.skip, () => this.#do(this.jobs.retry(id, true)), words.skipHelp]);
    }
    if (["failed", "partial", "cancelled"].includes(state)) buttons.push([words.retry, () => this.#do(this.jobs.retry(id))]);
    row.set({ name: nameOf(job), words: this.#wordsOf(job), tone: tones[state] ?? "",
      part: state === "running" ? job.progress : null, buttons, more: result?.warnings ?? [],
      when: Date.parse(job.finished_at ?? job.started_at ?? job.created_at) });
  }

  /** @param {Job} job */
  #wordsOf(job) {
    if (job.cancel_requested && ACTIVE.includes(job.state)) return text.jobs.stopping;
    if (job.state === "running") {
      const left = this.jobs.left(job);
      return text.jobs.at(Math.round(job.progress * 100), stageOf(job), left === null ? "" : length(left));
    }
    const again = job.state === "retrying" ? text.jobs.again(minutes(Date.parse(job.not_before)), job.attempt + 1, job.max_attempts) : "";
    const why = [job.error_detail, outcome(job.result, length)].filter(Boolean).join(" ");
    return `${STATES[job.state] ?? job.state}${again}${why ? ` · ${why}` : ""}`;
  }

  /** @param {Promise<unknown>} wish */
  async #do(wish) {
    try {
      await wish;
    } catch (problem) {
      this.wish.tell(String(problem));
    }
  }
}

/**
 * What is done with a job now; of a recording that is looked at in parts with how many of them are done.
 * @param {Job} job
 */
function stageOf({ stage, parts }) {
  const said = STAGES[stage ?? ""] ?? text.jobs.starting;
  return parts && stage === "see" ? text.jobs.parts(said, parts.done, parts.of) : said;
}

/** @param {Jobs} jobs */
const jobsWaiting = (jobs) => jobs.active().filter((job) => job.state === "queued").length;

/**
 * What a job works on, as a person would call it.
 * @param {Job} job
 */
export function nameOf(job) {
  return String(job.params.name ?? "") || String(job.params.path ?? "").split(/[\\/]/).at(-1) || text.jobs.named(job.id);
}

/** @returns {Row} */
function rowOf() {
  const name = el("b", {});
  const when = el("time", {});
  const said = el("p", { class: "words-of" });
  const more = el("ul", { class: "more" });
  const bar = el("progress", { max: 1 });
  const buttons = el("div", { class: "row" });
  const element = el("li", {}, el("div", { class: "grow" }, el("p", {}, name, when), said, bar, more), buttons);
  let shown = "";
  return {
    element,
    set(what) {
      if (name.textContent !== what.name) name.textContent = what.name;
      if (said.textContent !== what.words) said.textContent = what.words;
      element.className = what.tone;
      show(bar, what.part !== null);
      bar.value = what.part ?? 0;
      bar.setAttribute("aria-label", what.name);
      show(when, Boolean(what.when));
      if (what.when) Object.assign(when, { textContent: moment(what.when), title: utc(what.when) });
      const key = JSON.stringify([what.buttons.map(([name]) => name), what.more]);
      if (key === shown) return;
      shown = key;
      fill(buttons, what.buttons.map(([name, act, title], i) => el("button", { class: i ? "quiet" : "pill", type: "button", title, onclick: act,
        "aria-label": words.act(name, what.name) }, name)));
      fill(more, (what.more ?? []).map((line) => el("li", {}, line)));
    },
  };
}
