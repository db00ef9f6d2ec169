// Files dropped anywhere on the page.

import { show } from "/web/dom.js";

const MOST = 5000; // files of one drop

/** @param {DragEvent} event */
const holds = (event) => event.dataTransfer?.types.includes("Files");

/**
 * Show `veil` while files hang over the page, and give them to `take` when they fall.
 * @param {HTMLElement} veil
 * @param {(files: File[]) => void} take
 */
export function droppable(veil, take) {
  let entered = 0;
  /** @param {number} count */
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
    if (event.dataTransfer) dropped(event.dataTransfer).then(take);
  });
}

/**
 * The files that were dropped, those in folders included.
 * @param {DataTransfer} transfer
 */
async function dropped(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  if (!entries.some((entry) => entry.isDirectory)) return files;
  /** @type {File[]} */
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

/**
 * @param {FileSystemEntry} entry
 * @param {File[]} found
 */
async function walk(entry, found) {
  if (found.length >= MOST || entry.name.startsWith(".")) return;
  if (isFile(entry)) {
    found.push(await new Promise((done, failed) => entry.file(done, failed)));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  // A reader gives a part at a time, and nothing at the end.
  for (let part = await read(reader); part.length; part = await read(reader)) {
    for (const each of part) await walk(each, found);
  }
}

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
const read = (reader) => new Promise((done, failed) => reader.readEntries(done, failed));

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
const isFile = (entry) => entry.isFile;
