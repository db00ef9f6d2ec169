// Making and changing elements. Text only ever becomes text: nothing here parses HTML.

/**
 * An element with attributes, listeners (keys beginning with "on") and children.
 * A child that is null or false is left out; anything that is not a node becomes text.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  fill(element, ...children);
  return element;
}

/** Replace what is inside `element`. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
}

/** Show `text`, touching the document only when it differs. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show or hide. */
export function show(element, visible) {
  element.hidden = !visible;
}

/** A <time> whose title is the instant in UTC. */
export function timed(text, ms, utc, attributes = {}) {
  return el("time", { datetime: new Date(ms).toISOString(), title: utc(ms), ...attributes }, text);
}

/** Run `action` once, `wait` ms after the last call. */
export function settled(action, wait) {
  let timer = 0;
  const later = (...words) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...words), wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Run `action` at most once every `wait` ms, the last call included. */
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

/** Tell a screen reader. */
export function announce(text) {
  say(document.getElementById("spoken"), text);
}
