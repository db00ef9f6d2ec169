// Making and changing elements. Text only ever becomes text: nothing here parses HTML.

/** @import { Attributes, Child } from "types/page" */

/**
 * An element with attributes, listeners (keys beginning with "on") and children.
 * A child that is null or false is left out; anything that is not a node becomes text.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} [attributes]
 * @param {...Child} children
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  fill(element, ...children);
  return element;
}

/**
 * Replace what is inside `element`.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
}

/**
 * What is left of children and their lists.
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function flat(children) {
  return children.flatMap((child) => (Array.isArray(child) ? flat(child) : child === null || child === undefined || child === false ? [] : [child]));
}

/**
 * The element of the document that has the id.
 * @param {string} id
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(id);
  return element;
}

/**
 * Show `text`, touching the document only when it differs.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Show or hide.
 * @param {HTMLElement} element
 * @param {boolean} visible
 */
export function show(element, visible) {
  element.hidden = !visible;
}

/**
 * A <time> whose title is the instant in UTC.
 * @param {string} text
 * @param {number} ms
 * @param {(ms: number) => string} utc
 * @param {Attributes} [attributes]
 */
export function timed(text, ms, utc, attributes = {}) {
  return el("time", { datetime: new Date(ms).toISOString(), title: utc(ms), ...attributes }, text);
}

/**
 * Run `action` once, `wait` ms after the last call.
 * @template {unknown[]} Given
 * @param {(...given: Given) => unknown} action
 * @param {number} wait
 */
export function settled(action, wait) {
  let timer = 0;
  /** @param {Given} given */
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/**
 * Run `action` at most once every `wait` ms, the last call included.
 * @param {() => void} action
 * @param {number} wait
 */
export function paced(action, wait) {
  let timer = 0;
  let last = -Infinity;
  return () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = 0;
      last = performance.now();
      action();
    }, Math.max(0, last + wait - performance.now()));
  };
}

export const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Tell a screen reader.
 * @param {string} text
 */
export function announce(text) {
  say(byId("spoken"), text);
}

/**
 * The element that the selector names, in which it happened; null where that was elsewhere.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function within(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/**
 * What draws on the canvas; throws where this browser has nothing for that.
 * @param {HTMLCanvasElement} canvas
 */
export function brush(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("canvas");
  return context;
}
