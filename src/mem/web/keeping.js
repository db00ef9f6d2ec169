// Keeping and letting go: what the rules of retention would remove now, and deleting a range by hand.

import { get, send } from "/web/api.js";
import { el, fill, show } from "/web/dom.js";
import { DAY, fromInput, toInput } from "/web/time.js";
import { finished } from "/web/deleting.js";
import { bytes } from "/web/work.js";
import { text } from "/web/strings.js";

/** @import { Wish } from "types/page" */
/** @import { Receipt, RetentionPlan } from "types/shapes" */

const words = text.system;

export class Keeping {
  /**
   * `wish`: tell(text), erase(range), gone() when something was removed.
   * @param {Pick<Wish, "tell" | "erase"> & { gone(): void }} wish
   */
  constructor(wish) {
    this.wish = wish;
    this.rules = el("ul", { class: "more" });
    this.would = el("p", { class: "muted" });
    this.run = el("button", { class: "pill danger", type: "button", hidden: true, onclick: () => this.#ask() }, words.runRules);
    const begin = el("input", { type: "datetime-local", step: 1, required: true });
    const end = el("input", { type: "datetime-local", step: 1, required: true });
    begin.value = toInput(Date.now() - DAY);
    end.value = toInput(Date.now());
    const form = el("form", { class: "fields", onsubmit: (event) => {
      event.preventDefault();
      const range = { from: fromInput(begin.value), to: fromInput(end.value) };
      if (range.from < range.to) this.wish.erase(range);
      else this.wish.tell(words.badRange);
    } }, el("label", {}, el("span", {}, words.from), begin), el("label", {}, el("span", {}, words.to), end),
    el("button", { class: "pill" }, words.count));
    this.element = el("section", { id: "keeping" }, el("h2", {}, words.retention), this.would, this.rules, this.run,
      el("h2", { class: "apart" }, words.deleteRange), el("p", { class: "muted" }, words.deleteHelp), form);
  }

  /** Look at what the rules say now. */
  async look() {
    try {
      this.#show(await get("/api/retention"));
    } catch (problem) {
      fill(this.would, String(problem));
      show(this.run, false);
    }
  }

  /** @param {RetentionPlan} plan */
  #show(plan) {
    const sums = Object.values(plan.removed);
    /** @param {"sources" | "frames"} name */
    const add = (name) => sums.reduce((sum, each) => sum + each[name], 0);
    const goes = add("sources") + add("frames") + plan.notes > 0;
    this.named = goes ? words.wouldGo(add("sources"), add("frames"), bytes(plan.freed_bytes)) : words.wouldNot;
    fill(this.would, plan.rules.length ? this.named : words.noRules);
    fill(this.rules, plan.rules.map((rule) => el("li", {}, Object.entries(rule).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length))
      .map(([name, value]) => `${name.replaceAll("_", " ")}: ${Array.isArray(value) ? value.join(", ") : value}`).join(" · "))));
    show(this.run, goes);
  }

  #ask() {
    const go = el("button", { class: "pill danger", type: "button" }, text.deletion.goAny);
    /** @type {HTMLDialogElement} */
    const dialog = el("dialog", { class: "ask", "aria-labelledby": "keep-title" }, el("h2", { id: "keep-title" }, words.asked),
      el("p", {}, `${this.named} ${text.deletion.final}`), el("div", { class: "row" },
        el("button", { class: "pill", type: "button", autofocus: true, onclick: () => dialog.close() }, text.deletion.keep), go));
    go.addEventListener("click", async () => {
      go.disabled = true;
      try {
        const receipt = await finished(/** @type {Receipt} */ (await send("POST", "/api/retention", { dry_run: false })));
        this.wish.tell(text.deletion.done(bytes(receipt.freed_bytes)));
        this.wish.gone();
      } catch (problem) {
        this.wish.tell(String(problem));
      }
      dialog.close();
      this.look();
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}
