// Wheel, drag, pinch and keys on the timeline, turned into five wishes: go, zoom, move, hover, step.

const CLICK_PX = 5;
const WHEEL = 0.0016;

/** @typedef {[number, number]} Point x and y in px of the canvas */

/**
 * What the gestures ask for; x is null where no place is meant.
 * @typedef {object} Gestures
 * @property {(x: number, y: number) => void} go
 * @property {(x: number, y: number) => boolean} grab says whether the drag moves the instant
 * @property {(x: number) => void} scrub
 * @property {(low: number, high: number) => void} choose a range
 * @property {(factor: number, x: number | null) => void} zoom
 * @property {(dx: number, dy: number) => void} move
 * @property {(x: number | null, y: number | null) => void} hover null once the pointer left
 * @property {(way: number) => void} step
 * @property {(way: number) => void} ends
 */

/**
 * Listen on `canvas`.
 * @param {HTMLCanvasElement} canvas
 * @param {Gestures} wish
 */
export function listen(canvas, wish) {
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  let moved = 0;
  let scrubbing = false;
  /** @type {number | null} */
  let choosing = null; // where a range begins that is being dragged
  let spread = 0;

  /**
   * @param {MouseEvent} event
   * @returns {Point}
   */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [x, y]);
    moved = fingers.size > 1 ? CLICK_PX : 0;
    spread = apart(fingers);
    choosing = event.shiftKey && fingers.size === 1 ? x : null;
    scrubbing = choosing === null && fingers.size === 1 && wish.grab(x, y);
    wish.hover(null, null);
  });

  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") wish.hover(x, y);
      return;
    }
    moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
    if (moved < CLICK_PX) return;
    fingers.set(event.pointerId, [x, y]);
    canvas.classList.add("dragging");
    if (fingers.size === 2) {
      const now = apart(fingers);
      if (spread > 20 && now > 20) wish.zoom(spread / now, middle(fingers));
      spread = now;
    }
    if (choosing !== null) wish.choose(Math.min(choosing, x), Math.max(choosing, x));
    else if (scrubbing) wish.scrub(x);
    else wish.move((before[0] - x) / fingers.size, before[1] - y);
  });

  /** @param {PointerEvent} event */
  const release = (event) => {
    const at = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    spread = apart(fingers);
    if (fingers.size) return;
    canvas.classList.remove("dragging");
    if (at && moved < CLICK_PX && event.type === "pointerup" && !scrubbing) wish.go(...place(event));
    scrubbing = false;
    choosing = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => wish.hover(null, null));

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 300 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.shiftKey) wish.move(dx || dy, 0);
    else if (Math.abs(dx) > Math.abs(dy)) wish.move(dx, 0);
    else wish.zoom(Math.exp(Math.max(-240, Math.min(240, dy)) * WHEEL), place(event)[0]);
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    const done = key(event, canvas, wish);
    if (done) event.preventDefault();
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLCanvasElement} canvas
 * @param {Gestures} wish
 */
function key(event, canvas, wish) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const wide = canvas.clientWidth;
  switch (event.key) {
    case "+": case "=": wish.zoom(1 / 1.5, null); return true;
    case "-": case "_": wish.zoom(1.5, null); return true;
    case "PageUp": wish.move(-wide / 2, 0); return true;
    case "PageDown": wish.move(wide / 2, 0); return true;
    case "ArrowUp": wish.move(0, -53); return true;
    case "ArrowDown": wish.move(0, 53); return true;
    case "Home": wish.ends(-1); return true;
    case "End": wish.ends(1); return true;
    case "ArrowLeft": case "ArrowRight": {
      const way = event.key === "ArrowLeft" ? -1 : 1;
      if (event.shiftKey) wish.move((way * wide) / 8, 0);
      else wish.step(way);
      event.stopPropagation();
      return true;
    }
    default: return false;
  }
}

/** @param {Map<number, Point>} fingers */
function apart(fingers) {
  const [a, b] = [...fingers.values()];
  return b ? Math.abs(a[0] - b[0]) : 0;
}

/** @param {Map<number, Point>} fingers */
function middle(fingers) {
  const [a, b] = [...fingers.values()];
  return (a[0] + b[0]) / 2;
}
