// Signing in: by a one-time link whose code stands behind the #, with a token, or through a provider.

import { Problem, connection, get, onRefused, send } from "/web/api.js";
import { el, fill, say } from "/web/dom.js";
import { text } from "/web/strings.js";

const named = text.signin;

const OPENED = /^#open=([\w-]{1,200})$/;
const RETURNED = "/oidc"; // where the provider sends the browser back to
const PLACE = "mem.place"; // where the page was before it went there
/** @type {{ dialog: HTMLDialogElement, why: HTMLElement } | null} */
let asking = null;
let signedIn = -Infinity;

/** Hand over the code of a one-time link, if this page was opened by one, and take it out of the address. */
export async function redeem() {
  if (location.pathname === RETURNED) return comeBack();
  const code = OPENED.exec(location.hash)?.[1];
  if (!code) return;
  history.replaceState(null, "", location.pathname + location.search);
  await send("POST", "/api/session", { code }).catch((problem) => ask(problem));
}

/**
 * Hand over what the provider sent along, and go where the page was. Only an own page can: another site's
 * visitor brings no cookie that is SameSite=Strict, and this page, once it is there, does.
 */
async function comeBack() {
  const query = new URLSearchParams(location.search);
  const [state = "", code, error, iss] = ["state", "code", "error", "iss"].map((name) => query.get(name) || undefined);
  const place = sessionStorage.getItem(PLACE) ?? "/";
  sessionStorage.removeItem(PLACE);
  history.replaceState(null, "", "/");
  try {
    await send("POST", "/api/session/provider/return", { state, code, error, iss });
  } catch (problem) {
    ask(problem);
    return;
  }
  location.replace(place);
  await new Promise(() => undefined); // this page ends here
}

/**
 * Go to the provider.
 * @param {HTMLElement} why
 */
async function leave(why) {
  try {
    const { url } = await send("POST", "/api/session/provider");
    sessionStorage.setItem(PLACE, location.pathname + location.search);
    location.assign(url);
  } catch (problem) {
    say(why, String(problem));
  }
}

/** End the session of this browser. */
export async function signOut() {
  await send("DELETE", "/api/session");
  location.assign("/");
}

/** Who the server takes this browser for. */
export const who = () => get("/api/session");

/**
 * Ask for a token, once, however many requests were refused; those asked before the last sign-in do not count.
 * @param {unknown} problem
 * @param {number} [began] ms, as performance.now counts
 */
export function ask(problem, began = Infinity) {
  if (began < signedIn) return;
  const unasked = problem instanceof Problem && problem.code === "token_required"; // not what a person did wrong
  if (asking) {
    if (!unasked) say(asking.why, String(problem));
    return;
  }
  const field = el("input", {
    type: "password", id: "token", name: "token", required: true, autocomplete: "current-password", autocapitalize: "off", spellcheck: "false",
  });
  const why = el("p", { class: "why", role: "alert" }, unasked ? "" : String(problem));
  const title = el("h1", {}, named.title);
  const form = el("form", { onsubmit: (event) => enter(event, field, why) },
    title,
    el("p", {}, `${named.why} `, el("code", {}, named.command), ` ${named.opens}`),
    el("label", { for: "token" }, named.token),
    field,
    why,
    el("button", { class: "pill strong" }, named.title));
  who().then(({ provider }) => {
    if (!provider) return;
    const other = el("button", { class: "pill strong", type: "button", onclick: () => leave(why) }, named.through(provider));
    title.after(other, el("p", { class: "or" }, named.or));
    other.focus();
  }).catch(() => undefined);
  const dialog = el("dialog", { class: "signin", "aria-label": named.title, oncancel: (event) => event.preventDefault() });
  asking = { dialog, why };
  fill(dialog, form);
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * @param {Event} event
 * @param {HTMLInputElement} field
 * @param {HTMLElement} why
 */
async function enter(event, field, why) {
  event.preventDefault();
  try {
    await send("POST", "/api/session", { token: field.value.trim() });
    signedIn = performance.now();
    asking?.dialog.close();
    asking?.dialog.remove();
    asking = null;
    connection.dispatchEvent(new Event("found")); // whatever was refused is asked for again
  } catch (problem) {
    say(why, String(problem));
    field.select();
  }
}

onRefused(ask);
