// Access: the tokens there are, making one, ending one.

import { get, send } from "/web/api.js";
import { who } from "/web/signin.js";
import { el, fill, show, timed } from "/web/dom.js";
import { moment, utc } from "/web/time.js";
import { text } from "/web/strings.js";

/** @import { Wish } from "types/page" */
/** @import { NewToken, Token } from "types/shapes" */

const words = text.system;
/** @type {Token["scopes"]} */
const SCOPES = ["read", "write", "capture", "metrics", "admin"];

export class Access {
  allowed = false; // to see and make tokens

  /**
   * `wish.tell(text)` says what went wrong.
   * @param {Pick<Wish, "tell">} wish
   */
  constructor(wish) {
    this.wish = wish;
    this.list = el("ol", { class: "rows" });
    this.fresh = el("div", { class: "fresh", role: "status" });
    const name = el("input", { type: "text", required: true, maxlength: 100, autocomplete: "off" });
    const boxes = SCOPES.map((scope) => ({ scope, box: el("input", { type: "checkbox", value: scope, checked: scope === "read" }) }));
    const scopes = boxes.map(({ scope, box }) => el("label", { class: "check" }, box, ` ${words.scopeNames[scope]}`));
    const days = el("input", { type: "number", min: 1, max: 3650, placeholder: words.never, class: "short" });
    const form = el("form", { class: "fields", onsubmit: (event) => {
      event.preventDefault();
      const may = boxes.filter(({ box }) => box.checked).map(({ scope }) => scope);
      this.#make({ name: name.value.trim(), scopes: may, expires_days: days.valueAsNumber || null }, form);
    } }, el("label", {}, el("span", {}, words.token), name),
    el("fieldset", {}, el("legend", {}, words.scopes), scopes), el("label", {}, el("span", {}, words.days), days),
    el("button", { class: "pill" }, words.make));
    this.form = form;
    this.none = el("p", { class: "muted" });
    this.element = el("section", { id: "access" }, el("h2", {}, words.tokens), this.none, this.list, this.fresh, form);
  }

  async look() {
    this.allowed = false;
    try {
      const { proved, scopes } = await who();
      if (!proved || !scopes.includes("admin")) { // the server would refuse to tell
        fill(this.none, words.tokensElsewhere);
        show(this.form, false);
        return;
      }
      this.#show((await get("/api/tokens")).tokens.filter((token) => token.kind === "token" && !token.revoked_at));
    } catch (problem) {
      fill(this.none, String(problem));
    }
    show(this.form, this.allowed);
  }

  /** @param {Token[]} tokens */
  #show(tokens) {
    this.allowed = true;
    fill(this.none, tokens.length ? "" : `${words.noTokens} ${words.firstToken}`);
    fill(this.list, tokens.map((token) => el("li", {}, el("div", { class: "grow" },
      el("p", {}, el("b", {}, token.name), token.expires_at && timed(words.until(moment(Date.parse(token.expires_at))), Date.parse(token.expires_at), utc)),
      el("p", { class: "words-of" }, token.scopes.map((scope) => words.scopeNames[scope] ?? scope).join(", "), " · ",
        token.last_used_at ? words.used(moment(Date.parse(token.last_used_at))) : words.unused)),
    el("button", { class: "quiet", type: "button", "aria-label": `${words.revoke}: ${token.name}`, onclick: () => this.#revoke(token) }, words.revoke))));
  }

  /**
   * @param {NewToken} asked
   * @param {HTMLFormElement} form
   */
  async #make(asked, form) {
    try {
      const { secret } = await send("POST", "/api/tokens", asked);
      /** @type {HTMLInputElement} */
      const field = el("input", { type: "text", readonly: true, value: secret, "aria-label": words.made, onfocus: () => field.select() });
      fill(this.fresh, el("p", {}, words.made), el("div", { class: "row" }, field,
        el("button", { class: "pill", type: "button", onclick: () => fill(this.fresh) }, words.done)));
      field.focus();
      form.reset();
      await this.look();
    } catch (problem) {
      this.wish.tell(String(problem));
    }
  }

  /** @param {Token} token */
  #revoke(token) {
    const go = el("button", { class: "pill danger", type: "button", onclick: async () => {
      dialog.close();
      await send("DELETE", `/api/tokens/${token.id}`).catch((problem) => this.wish.tell(String(problem)));
      this.look();
    } }, words.revoke);
    /** @type {HTMLDialogElement} */
    const dialog = el("dialog", { class: "ask", "aria-labelledby": "revoke-title" }, el("h2", { id: "revoke-title" }, words.revokeAsk(token.name)),
      el("p", {}, words.revokeWhy), el("div", { class: "row" },
        el("button", { class: "pill", type: "button", autofocus: true, onclick: () => dialog.close() }, text.deletion.keep), go));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}
