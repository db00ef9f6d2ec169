// Sending files, two at a time, each with its progress and speed; each can pause, go on, or be given up.

import { Transfer } from "/web/tus.js";

/** @import { Became, Facts, News } from "/web/tus.js" */
/** @import { Source } from "types/page" */

const AT_ONCE = 2;

/**
 * One file on its way. Bytes it had when it last went on and has now, the instant (performance.now) of that,
 * what went wrong, the recording that it turned out to be, and what sends it now.
 * @typedef {object} Upload
 * @property {number} id
 * @property {File} file
 * @property {"waiting" | "sending" | "paused" | "failed" | "known"} state
 * @property {number} from
 * @property {number} sent
 * @property {number} began
 * @property {boolean} broken
 * @property {string | null} problem
 * @property {Source | null} known
 * @property {Transfer | null} going
 * @property {() => Transfer} transfer
 */

/** Dispatches "change", and "accepted" with the job as detail. */
export class Uploads extends EventTarget {
  /** @type {Upload[]} */
  list = [];
  #next = 1;

  /**
   * Queue files; `facts` may say location and started_at.
   * @param {Iterable<File>} files
   * @param {Facts} [facts]
   */
  add(files, facts = {}) {
    for (const file of files) {
      /** @type {Upload} */
      const upload = {
        id: this.#next++, file, state: "waiting", from: 0, sent: 0, began: 0, broken: false, problem: null, known: null, going: null,
        transfer: () => new Transfer(file, facts, (news) => this.#moved(upload, news)),
      };
      this.list.unshift(upload);
    }
    this.#start();
  }

  /** @param {Upload} upload */
  cancel(upload) {
    (upload.going ?? upload.transfer()).drop();
    this.#drop(upload);
    this.#start();
  }

  /** @param {Upload} upload */
  pause(upload) {
    upload.going?.stop();
    Object.assign(upload, { state: "paused", going: null });
    this.#start();
  }

  /**
   * Go on after a pause or a failure, where it was.
   * @param {Upload} upload
   */
  again(upload) {
    Object.assign(upload, { state: "waiting", problem: null });
    this.#start();
  }

  /**
   * Take it off the list.
   * @param {Upload} upload
   */
  dismiss(upload) {
    this.#drop(upload);
    this.#changed();
  }

  /** Bytes sent and to send, and ms left over all files on their way; null left when unknown. */
  total() {
    const going = this.list.filter((upload) => upload.state === "waiting" || upload.state === "sending");
    const size = going.reduce((sum, upload) => sum + upload.file.size, 0);
    const sent = going.reduce((sum, upload) => sum + upload.sent, 0);
    const speed = going.reduce((sum, upload) => sum + speedOf(upload), 0);
    return { count: going.length, size, sent, left: speed > 0 ? ((size - sent) / speed) * 1000 : null };
  }

  /** @param {Upload} upload */
  #drop(upload) {
    this.list = this.list.filter((other) => other !== upload);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  #start() {
    const sending = this.list.filter((upload) => upload.state === "sending").length;
    const waiting = this.list.filter((upload) => upload.state === "waiting").reverse();
    waiting.slice(0, Math.max(0, AT_ONCE - sending)).forEach((upload) => this.#send(upload));
    this.#changed();
  }

  /** @param {Upload} upload */
  async #send(upload) {
    const going = upload.transfer();
    Object.assign(upload, { state: "sending", began: performance.now(), going });
    try {
      const became = await going.run();
      if (became && upload.going === going) this.#became(upload, became);
    } catch (problem) {
      if (upload.going !== going) return;
      Object.assign(upload, { state: "failed", going: null, problem: String(problem) });
      this.#start();
    }
  }

  /**
   * @param {Upload} upload
   * @param {News} news
   */
  #moved(upload, news) {
    Object.assign(upload, news);
    if ("from" in news) upload.began = performance.now();
    this.#changed();
  }

  /**
   * @param {Upload} upload
   * @param {Became} became
   */
  #became(upload, { job, source }) {
    if (source) Object.assign(upload, { state: "known", known: source, going: null });
    else {
      this.#drop(upload);
      this.dispatchEvent(new CustomEvent("accepted", { detail: job }));
    }
    this.#start();
  }
}

/**
 * Bytes a second of one upload since it last went on; 0 until that means anything.
 * @param {Upload} upload
 */
export function speedOf(upload) {
  const passed = (performance.now() - upload.began) / 1000;
  return upload.state === "sending" && !upload.broken && passed > 0.5 ? (upload.sent - upload.from) / passed : 0;
}
