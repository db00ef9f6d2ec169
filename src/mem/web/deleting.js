// Deleting a range: first what lies in it is counted and named, then a person decides.

import { get, send } from "/web/api.js";
import { announce, el, fill } from "/web/dom.js";
import { iso, moment } from "/web/time.js";
import { bytes } from "/web/work.js";
import { text } from "/web/strings.js";

/** @import { Range, Source } from "types/page" */
/** @import { DeletionPlan, Extent, Receipt } from "types/shapes" */

const words = text.deletion;
const LOOK_MS = 400;

/**
 * Ask whether all of {from, to} is to go, of one recording where given; true once it is gone.
 * @param {Range} range
 * @param {Source | null} [source]
 */
export async function erase({ from, to }, source = null) {
  const list = el("ul", { class: "counts" });
  const what = el("p", {}, words.looking);
  const go = el("button", { class: "pill danger", type: "button", disabled: true }, words.goAny);
  /** @type {HTMLButtonElement} */
  const keep = el("button", { class: "pill", type: "button", autofocus: true, onclick: () => dialog.close() }, words.keep);
  /** @type {HTMLDialogElement} */
  const dialog = el("dialog", { class: "ask", "aria-labelledby": "erase-title" }, el("h2", { id: "erase-title" }, words.title), what, list,
    el("div", { class: "row" }, keep, go));
  document.body.append(dialog);
  dialog.showModal();
  const asked = { from: iso(from), to: iso(to), source: source?.id ?? null };
  let gone = false;
  go.addEventListener("click", async () => {
    go.disabled = keep.disabled = true;
    fill(what, words.busy);
    try {
      const receipt = await finished(/** @type {Receipt} */ (await send("POST", "/api/delete", { ...asked, dry_run: false })));
      gone = true;
      fill(what, words.done(bytes(receipt.freed_bytes)));
      announce(what.textContent);
      dialog.close();
    } catch (problem) {
      keep.disabled = false;
      fill(what, String(problem));
    }
  });
  const closed = new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  try {
    const { extent } = /** @type {DeletionPlan} */ (await send("POST", "/api/delete", { ...asked, dry_run: true }));
    const lines = named(extent);
    fill(what, lines.length ? words.what(moment(from), moment(to), source ? words.of(source.name) : words.all) : words.nothing);
    fill(list, lines.map((line) => el("li", {}, line)));
    if (lines.length) {
      list.after(el("p", {}, words.final));
      fill(go, extent.frames ? words.go(extent.frames) : words.goAny);
      go.disabled = false;
    }
  } catch (problem) {
    fill(what, String(problem));
  }
  await closed;
  dialog.remove();
  return gone;
}

/**
 * What an extent holds, in words; nothing that is none.
 * @param {Extent} extent
 */
export function named(extent) {
  const whole = extent.sources;
  return [
    whole && words.whole(whole), extent.cut_sources && words.cut(extent.cut_sources), extent.frames && words.frames(extent.frames),
    extent.segments && words.segments(extent.segments), extent.screen_texts && words.screen(extent.screen_texts),
    extent.notes && words.notes(extent.notes), extent.originals && words.originals(extent.originals, bytes(extent.original_bytes)),
    extent.pack_bytes && words.images(bytes(extent.pack_bytes)),
  ].filter((line) => typeof line === "string");
}

/**
 * The receipt of a deletion once it is done.
 * @param {Receipt} receipt
 */
export async function finished(receipt) {
  while (receipt.state === "running") {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    receipt = await get(`/api/receipts/${receipt.id}`);
  }
  return receipt;
}

