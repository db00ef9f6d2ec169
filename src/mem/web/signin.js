// Signing in: by a one-time link whose code stands behind the #, or with a token.

import { connection, get, onRefused, send } from "/web/api.js";
import { el, fill, say } from "/web/dom.js";
import { text } from "/web/strings.js";

const named = text.signin;

const OPENED = /^#open=([\w-]{1,200})$/;
let asking = null;
let signedIn = -Infinity;

/** Hand over the code of a one-time link, if this page was opened by one, and take it out of the address. */
export async function redeem() {
  const code = OPENED.exec(location.hash)?.[1];
  if (!code) return;
  history.replaceState(null, "", location.pathname + location.search);
  await send("POST", "/api/session", { code }).catch((problem) => ask(problem));
}

/** End the session of this browser. */
export async function signOut() {
  await send("DELETE", "/api/session");
  location.assign("/");
}

/** Who the server takes this browser for. */
export const who = () => get("/api/session");

/** Ask for a token, once, however many requests were refused; those asked before the last sign-in do not count. */
export function ask(problem, began = Infinity) {
  if (began < signedIn) return;
  if (asking) {
    if (problem?.code !== "token_required") say(asking.querySelector(".why"), words(problem));
    return;
  }
  const field = el("input", {
    type: "password", id: "token", name: "token", required: true, autocomplete: "current-password", autocapitalize: "off", spellcheck: "false",
  });
  const why = el("p", { class: "why", role: "alert" }, problem?.code === "token_required" ? "" : words(problem));
  const form = el("form", { onsubmit: (event) => enter(event, field, why) },
    el("h1", {}, named.title),
    el("p", {}, `${named.why} `, el("code", {}, named.command), ` ${named.opens}`),
    el("label", { for: "token" }, named.token),
    field,
    why,
    el("button", { class: "pill strong" }, named.title));
  asking = el("dialog", { class: "signin", "aria-label": named.title, oncancel: (event) => event.preventDefault() });
  fill(asking, form);
  document.body.append(asking);
  asking.showModal();
}

async function enter(event, field, why) {
  event.preventDefault();
  try {
    await send("POST", "/api/session", { token: field.value.trim() });
    signedIn = performance.now();
    asking.close();
    asking.remove();
    asking = null;
    connection.dispatchEvent(new Event("found")); // whatever was refused is asked for again
  } catch (problem) {
    say(why, words(problem));
    field.select();
  }
}

const words = (problem) => [problem?.detail, problem?.hint].filter(Boolean).join(" ");

onRefused(ask);
