// Sending files, two at a time, each with its progress, speed and a way to stop.

import { asQuery, lost, problemOf } from "/web/api.js";

const AT_ONCE = 2;

/** Dispatches "change", and "accepted" with the server's answer as detail. */
export class Uploads extends EventTarget {
  list = [];
  #next = 1;

  /** Queue files; `facts` may say location and started_at. */
  add(files, facts = {}) {
    for (const file of files) {
      this.list.unshift({ id: this.#next++, file, facts, state: "waiting", sent: 0, began: 0, problem: null, known: null, request: null });
    }
    this.#start();
  }

  cancel(upload) {
    upload.request?.abort();
    this.#drop(upload);
    this.#start();
  }

  again(upload) {
    Object.assign(upload, { state: "waiting", sent: 0, problem: null });
    this.#start();
  }

  /** Take it off the list. */
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

  #send(upload) {
    const request = new XMLHttpRequest();
    Object.assign(upload, { state: "sending", began: performance.now(), request });
    request.upload.addEventListener("progress", (event) => {
      upload.sent = event.loaded;
      this.#changed();
    });
    request.addEventListener("load", () => this.#answered(upload, request));
    request.addEventListener("error", () => {
      lost();
      this.#failed(upload, "The connection broke. What was sent is not kept; try again when Mem answers.");
    });
    request.open("POST", `/api/upload${asQuery(facts(upload))}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(upload.file);
  }

  #answered(upload, request) {
    if (request.status >= 300) {
      const problem = problemOf(request.status, request.responseText);
      this.#failed(upload, [problem.detail, problem.hint].filter(Boolean).join(" "));
      return;
    }
    const answer = JSON.parse(request.responseText);
    if (answer.duplicate) Object.assign(upload, { state: "known", known: answer.source });
    else this.#drop(upload);
    this.dispatchEvent(new CustomEvent("accepted", { detail: answer }));
    this.#start();
  }

  #failed(upload, problem) {
    Object.assign(upload, { state: "failed", problem });
    this.#start();
  }
}

/** Bytes a second of one upload so far; 0 until that means anything. */
function speedOf(upload) {
  const passed = (performance.now() - upload.began) / 1000;
  return upload.state === "sending" && passed > 0.5 ? upload.sent / passed : 0;
}

/** What the server is told about a file beside its bytes. */
function facts(upload) {
  const { name, lastModified } = upload.file;
  return { filename: name, modified_at: new Date(lastModified).toISOString(), ...upload.facts };
}
