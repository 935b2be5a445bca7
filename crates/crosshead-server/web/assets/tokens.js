/** Generated tokens, with a note on the one under the pointer or with the focus. */

import { bars } from "./bars.js";
import { h } from "./dom.js";
import { percent } from "./format.js";
import { roving } from "./roving.js";

/** @typedef {import("./types.js").Token} Token */

export class Tokens {
  constructor() {
    this.text = h("div", { className: "result-text tokens", dir: "auto", role: "group", "aria-label": "Generated tokens" });
    this.note = h("div", { className: "menu", role: "tooltip", id: "token-note", hidden: true });
    this.settle = roving(this.text, ".token");
    this.element = h("div", { className: "tokens-box" }, this.text, this.note);
    this.count = 0;
    /** @type {WeakMap<Element, Token>} */
    this.values = new WeakMap();
    const show = (/** @type {Event} */ event) => this.show(/** @type {Element} */ (event.target).closest(".token"));
    this.text.addEventListener("pointerover", show);
    this.text.addEventListener("focusin", show);
    this.text.addEventListener("pointerleave", () => this.show(null));
    this.text.addEventListener("focusout", () => this.show(null));
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.show(null);
    });
  }

  /** @param {string} prompt */
  start(prompt) {
    this.count = 0;
    this.show(null);
    this.text.setAttribute("aria-busy", "true");
    this.text.replaceChildren(h("span", { className: "prompt" }, prompt));
  }

  /** @param {Token} token */
  add(token) {
    this.count += 1;
    const share = Math.exp(token.logprob);
    // Visible forms of characters that have none.
    const shown = token.text === "\n" ? "⏎\n" : token.text;
    const label = `${token.text.trim() || "space"}, ${percent(share)}`;
    const element = h("span", { className: "token", tabIndex: -1, role: "img", "aria-label": label }, shown);
    element.style.setProperty("--share", String(share));
    this.values.set(element, token);
    this.text.append(element);
  }

  /** Adds what has no probability. @param {string} text */
  addText(text) {
    this.text.append(text);
  }

  end() {
    this.text.removeAttribute("aria-busy");
    this.settle();
  }

  /** @param {Element | null} element */
  show(element) {
    const token = element && this.values.get(element);
    this.note.hidden = !token;
    if (!token || !(element instanceof HTMLElement)) return;
    const others = (token.alternatives ?? []).filter(({ text }) => text !== token.text);
    const rows = [token, ...others].map(({ text, logprob }) => ({ text: visible(text), value: Math.exp(logprob) }));
    this.note.replaceChildren(bars(rows));
    const [box, at] = [this.element.getBoundingClientRect(), element.getClientRects()[0]];
    if (!at) return;
    const left = Math.max(0, Math.min(at.left - box.left, box.width - this.note.offsetWidth));
    this.note.style.left = `${left}px`;
    this.note.style.top = `${at.bottom - box.top + 6}px`;
  }
}

/** A token with its spaces and line breaks visible. @param {string} text */
function visible(text) {
  return text.replaceAll("\n", "⏎").replaceAll(" ", "␣") || "∅";
}
