// The folders that Mem watches: what was taken from them, what waits, and what was passed over and why.

import { get } from "/web/api.js";
import { el, fill } from "/web/dom.js";
import { moment, utc } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { WatchReport } from "types/shapes" */

const AGAIN_MS = 5000;
const words = text.intake;

export class Watched {
  #timer = 0;

  constructor() {
    this.list = el("ol", { class: "rows" });
    this.element = el("section", {}, el("h2", {}, words.watched), this.list);
  }

  /** Keep looking while the screen is shown. */
  enter() {
    this.leave();
    const look = async () => {
      try {
        this.#show(await get("/api/watch"));
      } catch {
        // Away, or not for this caller: what was seen last stays.
      }
      this.#timer = setTimeout(look, AGAIN_MS);
    };
    look();
  }

  leave() {
    clearTimeout(this.#timer);
  }

  /** @param {WatchReport} report */
  #show(report) {
    const key = JSON.stringify([report.folders.map(({ looked_at: _, ...rest }) => rest), report.held_back]);
    if (this.list.dataset.key === key) return;
    this.list.dataset.key = key;
    if (!report.folders.length) {
      fill(this.list, el("li", { class: "muted" }, words.notWatched));
      return;
    }
    fill(this.list, report.held_back && el("li", { class: "bad" }, el("p", { class: "words-of" }, report.held_back)),
      report.folders.map((folder) => el("li", { class: folder.state === "gone" ? "bad" : "" }, el("div", { class: "grow" },
        el("p", {}, el("b", {}, folder.path), folder.looked_at && el("time", { title: utc(Date.parse(folder.looked_at)) }, moment(Date.parse(folder.looked_at)))),
        el("p", { class: "words-of" }, `${words.watching[folder.state]} · ${words.folderCounts(folder)}`),
        el("ul", { class: "more" }, folder.passed_over.map((one) => el("li", { title: one.examples.join("\n") }, words.passed(one))))))));
  }
}
