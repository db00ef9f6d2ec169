// Files dropped anywhere on the page.

import { show } from "/web/dom.js";

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
    take(event.dataTransfer.files);
  });
}
