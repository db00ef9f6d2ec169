// System: how Mem is, in words, and the recordings with their times.

import { get } from "/web/api.js";
import { signOut, who } from "/web/signin.js";
import { el, fill, show } from "/web/dom.js";
import { bytes } from "/web/work.js";
import { Recordings } from "/web/recordings.js";
import { storage } from "/web/storage.js";
import { Keeping } from "/web/keeping.js";
import { Access } from "/web/access.js";
import { Backup } from "/web/backup.js";
import { length, moment } from "/web/time.js";
import * as look from "/web/look.js";
import { text } from "/web/strings.js";

const AGAIN_MS = 5000;
const ENGINES = { duckdb: "DuckDB", postgres: "PostgreSQL" };

export class System {
  #timer = 0;

  constructor(root, record, wish) {
    this.record = record;
    this.health = el("p", { class: "health", role: "status" });
    this.reasons = el("ul", { class: "reasons" });
    this.facts = el("dl", { class: "facts" });
    this.storage = storage();
    this.expected = el("section", { hidden: true }, el("h2", {}, text.system.expected), el("ol", { class: "rows" }));
    this.keeping = new Keeping({ ...wish, gone: () => record.load() });
    this.access = new Access(wish);
    this.backup = new Backup(wish);
    this.all = new Recordings(record, wish, { open: false });
    this.recordings = el("section", {}, el("h2", {}, "Recordings"), this.all.element);
    this.signOut = el("button", { class: "quiet", hidden: true, onclick: () => signOut() }, "Sign out");
    fill(root, el("header", { class: "row" }, el("h1", {}, "System"), el("span", { class: "space" }), this.#look(), this.signOut),
      this.health, this.reasons, this.facts, this.storage.element, this.expected, this.backup.element, this.keeping.element, this.access.element, this.recordings,
      el("p", { class: "muted more-to-read" }, "Programs can do all that this page does: ", el("a", { href: "/docs" }, "reference of the API"), "."));
    record.addEventListener("sources", () => this.#list());
  }

  /** Keep looking at the server's state while the screen is shown. */
  enter() {
    clearTimeout(this.#timer);
    this.#list();
    who().then((caller) => show(this.signOut, caller.signed_in)).catch(() => undefined);
    const look = async () => {
      try {
        const status = await get("/api/status");
        this.#show(status);
        this.#more(status);
      } catch (problem) {
        this.#say("bad", problem.detail);
      }
      this.#timer = setTimeout(look, AGAIN_MS);
    };
    look();
    this.keeping.look();
    this.access.look();
    get("/api/capacity").then((capacity) => this.storage.grow(capacity)).catch(() => undefined);
  }

  leave() {
    clearTimeout(this.#timer);
  }

  #look() {
    const select = el("select", { class: "pill", "aria-label": text.system.look, onchange: () => look.choose(select.value) },
      Object.entries(text.system.themes).map(([name, words]) => el("option", { value: name, selected: name === look.theme() }, words)));
    return select;
  }

  #more(status) {
    this.storage.show(status);
    this.backup.show(status.backup);
    show(this.expected, status.expected.length > 0);
    fill(this.expected.lastChild, status.expected.map((one) => el("li", { class: one.late ? "bad" : "" },
      el("b", {}, one.location ?? one.device ?? one.folder), el("span", { class: "words-of" },
        [one.late ? text.system.late : text.system.onTime, one.newest_at ? moment(Date.parse(one.newest_at)) : text.system.expectedWords(one)].join(" · ")))));
  }

  #list() {
    const newest = [...this.record.sources.values()].sort((a, b) => b.start - a.start);
    this.all.set(newest);
    this.storage.days(newest);
    show(this.recordings, newest.length > 0);
  }

  #say(tone, text) {
    this.health.className = `health ${tone}`;
    if (this.health.textContent !== text) this.health.textContent = text;
  }

  #show(status) {
    const well = status.status === "ok";
    this.#say(well ? "good" : "bad", well ? "All is well." : "Something needs attention.");
    fill(this.reasons, status.reasons.map((text) => el("li", {}, text)));
    const { frames, disk, speech, database, screen, work } = status;
    const number = (value) => value.toLocaleString("en");
    const facts = [
      ["Recordings", number(total(status.sources)), states(status.sources, { ready: "ready", processing: "being taken in", new: "waiting", partial: "partly readable", failed: "failed" })],
      ["Frames", number(frames.kept), frames.samples ? `of ${number(frames.samples)} looks; ${Math.round(frames.dropped_share * 100)}\u00a0% showed nothing new` : ""],
      ["Speech", speech.model ?? "no model", [speech.origin, speech.device, speech.compute_type].filter(Boolean).join(" · "), speech.note],
      [text.system.screen, screen.engine ?? text.system.noEngine, [screen.version, screen.note].filter(Boolean).join(" · ")],
      ["Work", waiting(status.jobs), [
        status.oldest_queued_seconds && `the oldest has waited ${length(status.oldest_queued_seconds * 1000)}`,
        work.real_time_factor && text.system.speed(work.real_time_factor), work.index_behind > 0 && text.system.behind(work.index_behind),
      ].filter(Boolean).join(" · ")],
      ["Disk", `${bytes(disk.free_bytes)} free`, `of ${bytes(disk.total_bytes)}`, el("meter", { min: 0, max: disk.total_bytes, value: disk.total_bytes - disk.free_bytes, high: disk.total_bytes * 0.92, "aria-label": "Disk used" })],
      ["Doubtful times", status.doubtful_times ? number(status.doubtful_times) : "none", status.doubtful_times ? el("a", { href: "/?screen=intake", "data-screen": "intake" }, "put them right") : ""],
      ["Mem", status.version, `on ${ENGINES[database.engine] ?? database.engine}, running for ${length(status.uptime_seconds * 1000)}`],
    ];
    fill(this.facts, facts.map(([name, value, about, more]) =>
      el("div", {}, el("dt", {}, name), el("dd", { class: "value" }, value), about && el("dd", {}, about), more && el("dd", {}, more))));
  }
}

function total(counts) {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

function states(counts, words) {
  return Object.entries(words).filter(([state]) => counts[state]).map(([state, text]) => `${counts[state].toLocaleString("en")} ${text}`).join(", ");
}

function waiting(counts) {
  const [running, queued] = [counts.running ?? 0, (counts.queued ?? 0) + (counts.retrying ?? 0)];
  if (!running && !queued) return "nothing to do";
  return [running && `${running} under way`, queued && `${queued} waiting`].filter(Boolean).join(", ");
}
