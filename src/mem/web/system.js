// System: how Mem is, in words, and the recordings with their times.

import { get } from "/web/api.js";
import { el, fill, show } from "/web/dom.js";
import { length } from "/web/time.js";
import { bytes } from "/web/work.js";
import { Recordings } from "/web/recordings.js";

const AGAIN_MS = 5000;
const ENGINES = { duckdb: "DuckDB", postgres: "PostgreSQL" };

export class System {
  #timer = 0;

  constructor(root, record, wish) {
    this.record = record;
    this.health = el("p", { class: "health", role: "status" });
    this.reasons = el("ul", { class: "reasons" });
    this.facts = el("dl", { class: "facts" });
    this.doubtful = new Recordings(record, wish, { open: true });
    this.all = new Recordings(record, wish, { open: false });
    this.doubts = el("section", { id: "doubts" }, el("h2", {}, "Doubtful times"),
      el("p", { class: "muted" }, "It is not certain when these recordings began. Give the right time, or confirm the one that was read."),
      this.doubtful.element);
    this.recordings = el("section", {}, el("h2", {}, "Recordings"), this.all.element);
    fill(root, el("h1", {}, "System"), this.health, this.reasons, this.facts, this.doubts, this.recordings,
      el("p", { class: "muted more-to-read" }, "Programs can do all that this page does: ", el("a", { href: "/docs" }, "reference of the API"), "."));
    record.addEventListener("sources", () => this.#list());
  }

  /** Keep looking at the server's state while the screen is shown. */
  enter() {
    clearTimeout(this.#timer);
    this.#list();
    const look = async () => {
      try {
        this.#show(await get("/api/status"));
      } catch (problem) {
        this.#say("bad", problem.detail);
      }
      this.#timer = setTimeout(look, AGAIN_MS);
    };
    look();
  }

  leave() {
    clearTimeout(this.#timer);
  }

  #list() {
    const newest = [...this.record.sources.values()].sort((a, b) => b.start - a.start);
    const doubtful = newest.filter((source) => source.time_confidence === "low");
    this.doubtful.set(doubtful);
    this.all.set(newest);
    show(this.doubts, doubtful.length > 0);
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
    const { frames, disk, speech, database } = status;
    const number = (value) => value.toLocaleString("en");
    const facts = [
      ["Recordings", number(total(status.sources)), states(status.sources, { ready: "ready", processing: "being taken in", new: "waiting", partial: "partly readable", failed: "failed" })],
      ["Frames", number(frames.kept), frames.samples ? `of ${number(frames.samples)} looks; ${Math.round(frames.dropped_share * 100)}\u00a0% showed nothing new` : ""],
      ["Speech", speech.model ?? "no model", [speech.origin, speech.device, speech.compute_type].filter(Boolean).join(" · "), speech.note],
      ["Work", waiting(status.jobs), status.oldest_queued_seconds ? `the oldest has waited ${length(status.oldest_queued_seconds * 1000)}` : ""],
      ["Disk", `${bytes(disk.free_bytes)} free`, `of ${bytes(disk.total_bytes)}`, el("meter", { min: 0, max: disk.total_bytes, value: disk.total_bytes - disk.free_bytes, high: disk.total_bytes * 0.92, "aria-label": "Disk used" })],
      ["Database", bytes(database.size_bytes), ENGINES[database.engine] ?? database.engine],
      ["Doubtful times", status.doubtful_times ? number(status.doubtful_times) : "none", status.doubtful_times ? "see below" : ""],
      ["Mem", status.version, `running for ${length(status.uptime_seconds * 1000)}`],
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
