// A frame over a picture that a person draws, moves and resizes, by pointer and by keys.

import { el } from "/web/dom.js";
import { text } from "/web/strings.js";

/** @import { Region } from "types/page" */

const STEP = 0.02; // of the picture, for one press of a key
const LEAST = 0.02;
/** @type {Region} */
const FIRST = [0.35, 0.35, 0.3, 0.3]; // before anything was drawn: left, top, width, height
/** @type {{ [key: string]: [number, number] }} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @param {number} share */
const within = (share) => Math.max(0, Math.min(1, share));

/**
 * {element, begin(), end(), region()} over a picture of {width, height}; `wish`: go() and leave().
 * @param {{ width: number, height: number }} picture
 * @param {{ go(): void, leave(): void }} wish
 */
export function frameOf({ width, height }, wish) {
  let region = FIRST;
  /** @type {{ moved: boolean, x: number, y: number } | null} */
  let from = null; // where a drag began
  const box = el("div", { class: "cover-box", tabindex: 0, role: "img", "aria-describedby": "cover-help" });
  const area = el("div", { class: "cover-area" }, box);
  const element = el("div", { class: "cover-picture" }, area);

  /** @param {Region} next */
  const set = (next) => {
    region = next;
    const [left, top, wide, high] = region.map((share) => `${(share * 100).toFixed(1)}%`);
    Object.assign(box.style, { left, top, width: wide, height: high });
    box.setAttribute("aria-label", `${text.cover.region}: ${left} ${top}, ${wide} × ${high}`);
  };
  // The picture is as large as fits and stands in the middle.
  const fit = () => {
    const scale = Math.min(element.clientWidth / width, element.clientHeight / height);
    Object.assign(area.style, { width: `${width * scale}px`, height: `${height * scale}px` });
  };
  /** @param {PointerEvent} event */
  const place = (event) => {
    const bounds = area.getBoundingClientRect();
    return [within((event.clientX - bounds.left) / bounds.width), within((event.clientY - bounds.top) / bounds.height)];
  };
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    area.setPointerCapture(event.pointerId);
    const [x, y] = place(event);
    from = event.target === box ? { moved: true, x: x - region[0], y: y - region[1] } : { moved: false, x, y };
    event.preventDefault();
    box.focus();
  });
  area.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = place(event);
    if (from.moved) set(moved(region, x - from.x - region[0], y - from.y - region[1]));
    else set([Math.min(x, from.x), Math.min(y, from.y), Math.max(LEAST, Math.abs(x - from.x)), Math.max(LEAST, Math.abs(y - from.y))]);
  });
  const drop = () => (from = null);
  area.addEventListener("pointerup", drop);
  area.addEventListener("pointercancel", drop);
  box.addEventListener("keydown", (event) => {
    const [dx, dy] = KEYS[event.key]?.map((step) => step * STEP) ?? [];
    if (dx !== undefined) set(event.shiftKey ? sized(region, dx, dy) : moved(region, dx, dy));
    else if (event.key === "Enter") wish.go();
    else if (event.key === "Escape") wish.leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const watch = new ResizeObserver(fit);
  return {
    element,
    region: () => bounded(region),
    begin() {
      watch.observe(element);
      fit();
      set(FIRST);
      box.focus();
    },
    end: () => watch.disconnect(),
  };
}

/**
 * @param {Region} region
 * @param {number} dx
 * @param {number} dy
 * @returns {Region}
 */
function moved([left, top, wide, high], dx, dy) {
  return [Math.max(0, Math.min(1 - wide, left + dx)), Math.max(0, Math.min(1 - high, top + dy)), wide, high];
}

/**
 * @param {Region} region
 * @param {number} dx
 * @param {number} dy
 * @returns {Region}
 */
function sized([left, top, wide, high], dx, dy) {
  return [left, top, Math.max(LEAST, Math.min(1 - left, wide + dx)), Math.max(LEAST, Math.min(1 - top, high + dy))];
}

/**
 * Rounded outwards to a thousandth, so that what was framed lies within; never beyond the picture.
 * @param {Region} region
 * @returns {Region}
 */
function bounded([left, top, wide, high]) {
  /** @param {number} share */
  const floor = (share) => Math.floor(share * 1000) / 1000;
  /** @param {number} share */
  const ceil = (share) => Math.min(1, Math.ceil(share * 1000) / 1000);
  const [x, y] = [floor(left), floor(top)];
  const exact = (/** @type {number} */ share) => Number(share.toFixed(3));
  return [x, y, exact(ceil(left + wide) - x), exact(ceil(top + high) - y)];
}
