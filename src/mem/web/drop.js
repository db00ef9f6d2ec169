// Files dropped anywhere on the page.

import { show } from "/web/dom.js";

const MOST = 5000; // files of one drop

const holds = (event) => event.dataTransfer?.types.includes("Files");

/** Show `veil` while files hang over the page, and give them to `take` when they fall. */
export function droppable(veil, take) {
  let entered = 0;
  const lift = (count) => {
    entered = Math.max(0, count);
    show(veil, entered > 0);
  };
  addEventListener("dragenter", (event) => holds(event) && lift(entered + 1));
  addEventListener("dragleave", (event) => holds(event) && lift(entered - 1));
  addEventListener("dragover", (event) => holds(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    lift(0);
    dropped(event.dataTransfer).then(take);
  });
}

/** The files that were dropped, those in folders included. */
async function dropped(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return files;
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (found.length >= MOST || entry.name.startsWith(".")) return;
  if (entry.isFile) {
    found.push(await new Promise((done, failed) => entry.file(done, failed)));
    return;
  }
  const reader = entry.createReader();
  // A reader gives a part at a time, and nothing at the end.
  for (let part = await read(reader); part.length; part = await read(reader)) {
    for (const each of part) await walk(each, found);
  }
}

const read = (reader) => new Promise((done, failed) => reader.readEntries(done, failed));
