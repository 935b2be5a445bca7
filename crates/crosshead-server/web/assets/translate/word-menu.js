/** What the model would write instead of a word; a choice completes the sentence anew. */

import { isAborted, messageOf, post } from "../api.js";
import { bars } from "../bars.js";
import { h } from "../dom.js";
import { direction, manner } from "./sentences.js";

/**
 * @typedef {import("./sentences.js").Translated} Translated
 * @typedef {import("./sentences.js").Settings} Settings
 * @typedef {import("../types.js").Translation} Translation
 * @typedef {import("../types.js").NextWord} NextWord
 */

/** Number of words to show. */
const SHOWN = 6;

export class WordMenu {
  /**
   * @param {() => Settings} settings
   * @param {import("../feedback.js").Feedback} feedback
   * @param {(index: number, translation: Translation, position: number) => void} onreplace
   */
  constructor(settings, feedback, onreplace) {
    this.settings = settings;
    this.feedback = feedback;
    this.onreplace = onreplace;
    this.element = h("div", { className: "menu", role: "dialog", "aria-label": "Other words", tabIndex: -1, hidden: true });
    document.body.append(this.element);
    /** @type {HTMLElement | null} */
    this.opener = null;
    /** @type {AbortController | undefined} */
    this.controller = undefined;
    this.element.addEventListener("keydown", (event) => this.move(event));
    document.addEventListener("pointerdown", (event) => {
      const inside = event.target instanceof Node && this.element.contains(event.target);
      if (!inside) this.close();
    });
    window.addEventListener("resize", () => this.place());
  }

  close() {
    this.controller?.abort();
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.opener?.classList.remove("open");
    this.opener?.focus({ preventScroll: true });
  }

  /**
   * @param {HTMLElement} opener
   * @param {number} index of the sentence
   * @param {Translated} item
   * @param {import("../segments.js").Span} span of the word in the translation
   */
  async open(opener, index, item, span) {
    this.close();
    this.opener = opener;
    opener.classList.add("open");
    const controller = new AbortController();
    this.controller = controller;
    this.element.replaceChildren(h("p", { className: "hint", role: "status" }, "Looking for other words…"));
    this.element.hidden = false;
    this.place();
    this.element.focus({ preventScroll: true });
    const prefix = item.translation.text.slice(0, span.start).trimEnd();
    const text = item.span.text;
    try {
      const body = { ...direction(this.settings()), text, prefix, n: SHOWN + 1 };
      /** @type {{ words: NextWord[] }} */
      const { words } = await post("api/translate/next", body, controller.signal);
      const other = words.filter((word) => word.text !== span.text).slice(0, SHOWN);
      this.fill(span.text, other, (word) => this.complete(index, item, extended(prefix, word), span.start));
    } catch (error) {
      if (isAborted(error)) return;
      this.element.replaceChildren(h("p", { className: "error", role: "alert" }, messageOf(error)));
    }
    this.place();
  }

  /** @param {string} name @param {NextWord[]} words @param {(word: NextWord) => void} onpick */
  fill(name, words, onpick) {
    if (words.length === 0) {
      this.element.replaceChildren(h("p", { className: "hint" }, "The model knows no other word here."));
      return;
    }
    const rows = words.map(({ text, logprob }) => ({ text, value: Math.exp(logprob), lang: this.opener?.closest("[lang]")?.getAttribute("lang") ?? "" }));
    const list = bars(rows, { onpick: (row) => onpick(words[row]), action: "Continue with" });
    this.element.replaceChildren(h("p", { className: "menu-title" }, "Instead of “", h("b", {}, name), "”"), list);
    list.querySelector("button")?.focus({ preventScroll: true });
  }

  /** @param {number} index @param {Translated} item @param {string} prefix @param {number} position of the word */
  complete(index, item, prefix, position) {
    this.close();
    void this.feedback.run("Completing the sentence…", async (signal) => {
      const body = { ...manner(this.settings()), text: item.span.text, prefix, alignment: true };
      /** @type {{ translations: Translation[] }} */
      const { translations } = await post("api/translate", body, signal);
      const { text, score, alternatives } = item.translation;
      const before = [{ text, score }, ...(alternatives ?? [])];
      this.onreplace(index, { ...translations[0], alternatives: before }, position);
    });
  }

  /** Below the word, within the window. */
  place() {
    if (!this.opener || this.element.hidden) return;
    const word = this.opener.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(word.left, width - this.element.offsetWidth - 8));
    this.element.style.left = `${left + scrollX}px`;
    this.element.style.top = `${word.bottom + scrollY + 6}px`;
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.close();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...this.element.querySelectorAll("button")];
    const at = buttons.findIndex((button) => button === document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }
}

/** @param {string} prefix @param {NextWord} word */
function extended(prefix, word) {
  if (word.prefix !== undefined) return word.prefix;
  return prefix === "" ? word.text : `${prefix} ${word.text}`;
}
