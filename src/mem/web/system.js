// System: how Mem is, in words, and the recordings with their times.

import { get } from "/web/api.js";
import { signOut, who } from "/web/signin.js";
import { el, fill, show } from "/web/dom.js";
import { bytes } from "/web/work.js";
import { Recordings } from "/web/recordings.js";
import { Storage } from "/web/storage.js";
import { Keeping } from "/web/keeping.js";
import { Access } from "/web/access.js";
import { Backup } from "/web/backup.js";
import { length, moment } from "/web/time.js";
import * as look from "/web/look.js";
import { text } from "/web/strings.js";

/** @import { Record } from "/web/record.js" */
/** @import { Wish } from "types/page" */
/** @import { Status } from "types/shapes" */

const AGAIN_MS = 5000;
const words = text.system;

export class System {
  #timer = 0;

  /**
   * @param {HTMLElement} root
   * @param {Record} record
   * @param {Wish} wish
   */
  constructor(root, record, wish) {
    this.record = record;
    this.health = el("p", { class: "health", role: "status" });
    this.reasons = el("ul", { class: "reasons" });
    this.facts = el("dl", { class: "facts" });
    this.storage = new Storage(record);
    this.awaited = el("ol", { class: "rows" });
    this.expected = el("section", { hidden: true }, el("h2", {}, words.expected), this.awaited);
    this.keeping = new Keeping({ ...wish, gone: () => record.load() });
    this.access = new Access(wish);
    this.backup = new Backup(wish);
    this.all = new Recordings(record, wish, { open: false });
    this.recordings = el("section", {}, el("h2", {}, words.recordings), this.all.element);
    this.signOut = el("button", { class: "quiet", hidden: true, onclick: () => signOut() }, text.signin.out);
    fill(root, el("header", { class: "row" }, el("h1", {}, text.screens.system), el("span", { class: "space" }), this.#look(), this.signOut),
      this.health, this.reasons, this.facts, this.storage.element, this.expected, this.backup.element, this.keeping.element, this.access.element, this.recordings,
      el("p", { class: "muted more-to-read" }, words.programs, el("a", { href: "/docs" }, words.reference), "."));
    record.addEventListener("sources", () => this.#list());
  }

  /** Keep looking at the server's state while the screen is shown. */
  enter() {
    clearTimeout(this.#timer);
    this.#list();
    this.storage.again();
    who().then((caller) => show(this.signOut, caller.signed_in)).catch(() => undefined);
    const look = async () => {
      try {
        const status = await get("/api/status");
        this.#show(status);
        this.#more(status);
      } catch (problem) {
        this.#say("bad", String(problem));
      }
      this.#timer = setTimeout(look, AGAIN_MS);
    };
    look();
    this.keeping.look();
    this.access.look();
  }

  leave() {
    clearTimeout(this.#timer);
  }

  #look() {
    /** @type {HTMLSelectElement} */
    const select = el("select", { class: "pill", "aria-label": words.look, onchange: () => look.choose(select.value) },
      Object.entries(words.themes).map(([name, shown]) => el("option", { value: name, selected: name === look.theme() }, shown)));
    return select;
  }

  /** @param {Status} status */
  #more(status) {
    this.storage.show(status);
    this.backup.show(status.backup);
    show(this.expected, status.expected.length > 0);
    fill(this.awaited, status.expected.map((one) => el("li", { class: one.late ? "bad" : "" },
      el("b", {}, one.location ?? one.device ?? one.folder), el("span", { class: "words-of" },
        [one.late ? words.late : words.onTime, one.newest_at ? moment(Date.parse(one.newest_at)) : words.expectedWords(one)].join(" · ")))));
  }

  #list() {
    const newest = [...this.record.sources.values()].sort((a, b) => b.start - a.start);
    this.all.set(newest);
    show(this.recordings, newest.length > 0);
  }

  /**
   * @param {string} tone
   * @param {string} what
   */
  #say(tone, what) {
    this.health.className = `health ${tone}`;
    if (this.health.textContent !== what) this.health.textContent = what;
  }

  /** @param {Status} status */
  #show(status) {
    const well = status.status === "ok";
    this.#say(well ? "good" : "bad", well ? words.good : words.bad);
    fill(this.reasons, status.reasons.map((reason) => el("li", {}, reason)));
    const { frames, disk, speech, database, screen, work } = status;
    const facts = [
      [words.recordings, text.number(total(status.sources)), states(status.sources)],
      [words.frames, text.number(frames.kept), frames.samples ? words.looks(frames.samples, frames.dropped_share) : ""],
      [words.speech, speech.model ?? words.noModel, [speech.origin, speech.device, speech.compute_type].filter(Boolean).join(" · "), speech.note],
      [words.screen, screen.engine ?? words.noEngine, [screen.version, screen.note].filter(Boolean).join(" · ")],
      [words.work, waiting(status.jobs), [
        status.oldest_queued_seconds && words.waited(length(status.oldest_queued_seconds * 1000)),
        work.real_time_factor && words.speed(work.real_time_factor), work.index_behind > 0 && words.behind(work.index_behind),
      ].filter(Boolean).join(" · ")],
      [words.disk, words.freeOf(bytes(disk.free_bytes)), words.ofAll(bytes(disk.total_bytes)), el("meter", { min: 0, max: disk.total_bytes, value: disk.total_bytes - disk.free_bytes, high: disk.total_bytes * 0.92, "aria-label": words.diskUsed })],
      [words.doubtful, status.doubtful_times ? text.number(status.doubtful_times) : words.none, status.doubtful_times ? el("a", { href: "/?screen=intake", "data-screen": "intake" }, words.fix) : ""],
      [words.mem, status.version, words.running(words.engines[database.engine] ?? database.engine, length(status.uptime_seconds * 1000))],
    ];
    fill(this.facts, facts.map(([name, value, about, more]) =>
      el("div", {}, el("dt", {}, name), el("dd", { class: "value" }, value), about && el("dd", {}, about), more && el("dd", {}, more))));
  }
}

/** @param {{ [state: string]: number }} counts */
function total(counts) {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

/** @param {{ [state: string]: number | undefined }} counts */
function states(counts) {
  return Object.entries(words.states).map(([state, name]) => counts[state] && `${text.number(counts[state])} ${name}`).filter(Boolean).join(", ");
}

/** @param {Status["jobs"]} counts */
function waiting(counts) {
  const [running, queued] = [counts.running ?? 0, (counts.queued ?? 0) + (counts.retrying ?? 0)];
  if (!running && !queued) return words.idle;
  return [running && words.busy(running), queued && words.waiting(queued)].filter(Boolean).join(", ");
}
