// The last backup, and making one now.

import { get, send } from "/web/api.js";
import { el, fill, say } from "/web/dom.js";
import { length, moment } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Wish } from "types/page" */
/** @import { BackupFacts } from "types/shapes" */

const words = text.system;
const WAIT_S = 5;

export class Backup {
  /**
   * `wish.tell(text)` says what went wrong.
   * @param {Pick<Wish, "tell">} wish
   */
  constructor(wish) {
    this.wish = wish;
    this.last = el("p", {});
    this.button = el("button", { class: "pill", type: "button", onclick: () => this.#make() }, words.backUp);
    this.element = el("section", { id: "backup" }, el("h2", {}, words.backup), el("div", { class: "row" }, this.last, el("span", { class: "space" }), this.button));
  }

  /** @param {BackupFacts | null | undefined} backup */
  show(backup) {
    if (this.button.disabled) return;
    if (!backup?.made_at || backup.age_seconds === null) return fill(this.last, words.noBackup);
    const good = backup.good === null ? words.uncheckedBackup : backup.good ? words.goodBackup : words.badBackup;
    const made = moment(Date.parse(backup.made_at));
    return fill(this.last, `${words.ago(made, length(backup.age_seconds * 1000), good)}${backup.problem ? ` · ${backup.problem}` : ""}`);
  }

  async #make() {
    this.button.disabled = true;
    try {
      let chore = await send("POST", "/api/backups", {});
      while (chore.state === "running") {
        say(this.last, words.backingUp(`${Math.round(chore.progress * 100)} % ${chore.doing}`));
        chore = await get(`/api/chores/${chore.id}`, { wait: WAIT_S });
      }
      this.wish.tell(chore.failure ? `${chore.failure.detail} ${chore.failure.hint}` : words.backedUp);
    } catch (problem) {
      this.wish.tell(String(problem));
    }
    this.button.disabled = false;
    this.show((await get("/api/status").catch(() => null))?.backup);
  }
}
