// Light or dark: as the system has it, or as was chosen here.

const KEY = "mem.theme";
const root = document.documentElement;
/** @type {(() => void)[]} */
const listeners = [];

/**
 * Be told when the colours have changed.
 * @param {() => void} listener
 */
export function onTheme(listener) {
  listeners.push(listener);
}

/** "light", "dark", or "" for the system's. */
export const theme = () => root.dataset.theme ?? "";

/** @param {string} name */
export function choose(name) {
  if (name) root.dataset.theme = name;
  else delete root.dataset.theme;
  try {
    if (name) localStorage.setItem(KEY, name);
    else localStorage.removeItem(KEY);
  } catch {
    // Kept in this page alone.
  }
  listeners.forEach((listener) => listener());
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => listeners.forEach((listener) => listener()));
