/** The translation: words that show where they come from, and that can be replaced. */

import { h } from "../dom.js";
import { langOf, sentence } from "../format.js";
import { roving } from "../roving.js";
import { locate, words } from "../segments.js";
import { marker } from "./marker.js";
import { others } from "./others.js";
import { WordMenu } from "./word-menu.js";

/**
 * @typedef {import("./sentences.js").Translated} Translated
 * @typedef {import("./sentences.js").Settings} Settings
 * @typedef {import("../types.js").Translation} Translation
 */

export class Output {
  /**
   * @param {ReturnType<typeof import("../entry.js").entry>} source
   * @param {() => Settings} settings
   * @param {import("../feedback.js").Feedback} feedback
   */
  constructor(source, settings, feedback) {
    this.source = source;
    this.element = h("div", { className: "output", dir: "auto", role: "group", "aria-label": "Translation" });
    this.warnings = h("div", { role: "status" });
    this.others = others((index, translation) => this.replace(index, translation));
    this.below = h("div", { className: "below" }, this.warnings, this.others.element);
    this.settle = roving(this.element, ".word");
    this.menu = new WordMenu(settings, feedback, (...change) => this.replace(...change));
    this.marker = marker(this.element, source);
    /** @type {Translated[]} */
    this.items = [];
    this.sourceText = "";
    this.element.addEventListener("focusin", (event) => this.select(event));
    this.clear();
  }

  /** The translation as plain text, with the space between the sentences of the source. */
  get text() {
    return this.pieces().map((piece) => (typeof piece === "string" ? piece : piece.translation.text)).join("");
  }

  clear() {
    this.items = [];
    this.sourceText = "";
    this.element.replaceChildren(h("p", { className: "placeholder" }, "The translation appears here"));
    this.warnings.replaceChildren();
    this.others.clear();
    this.marker.clear();
  }

  /** @param {string} text @param {Translated[]} items @param {string} language */
  show(text, items, language) {
    this.menu.close();
    this.sourceText = text;
    this.items = items.map((item) => ({ ...item }));
    this.element.lang = langOf(language);
    this.render();
    const found = new Set(items.map(({ translation }) => translation.warning).filter(Boolean));
    this.warnings.replaceChildren(...[...found].map((warning) => h("p", { className: "note warning" }, sentence(String(warning)))));
    this.others.show(0, this.items[0]?.translation, items.length > 1);
  }

  /**
   * Replaces the translation of a sentence, and gives the focus to the word at a position in it.
   * @param {number} index
   * @param {Translation} translation
   * @param {number} [position]
   */
  replace(index, translation, position = 0) {
    this.items[index].translation = translation;
    this.render();
    this.others.show(index, translation, this.items.length > 1);
    const words = /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll(`[data-sentence="${index}"] .word`));
    [...words].find(({ dataset }) => Number(dataset.end) > position)?.focus();
  }

  /** The sentences, and the texts between them. @returns {(string | Translated)[]} */
  pieces() {
    /** @type {(string | Translated)[]} */
    const pieces = [];
    let at = 0;
    for (const item of this.items) {
      pieces.push(this.sourceText.slice(at, item.span.start), item);
      at = item.span.end;
    }
    return pieces;
  }

  render() {
    let index = -1;
    const children = this.pieces().map((piece) => {
      if (typeof piece === "string") return piece;
      index += 1;
      return this.sentence(piece, index);
    });
    this.element.replaceChildren(...children);
    this.settle();
    this.marker.show(this.sourceText, this.items);
  }

  /** @param {Translated} item @param {number} index */
  sentence({ translation }, index) {
    const { text, alignment, warning } = translation;
    const spans = alignment ? locate(text, alignment.target) : words(text);
    const element = h("span", { className: warning ? "sentence far" : "sentence" });
    element.dataset.sentence = String(index);
    let at = 0;
    spans.forEach((span, word) => {
      if (span.end === span.start) return;
      const button = h("span", { className: "word", role: "button", tabIndex: -1, "aria-haspopup": "dialog" }, span.text);
      button.dataset.word = String(word);
      button.dataset.end = String(span.end);
      const open = () => this.menu.open(button, index, this.items[index], span);
      button.addEventListener("click", open);
      button.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        open();
      });
      element.append(text.slice(at, span.start), button);
      at = span.end;
    });
    element.append(text.slice(at));
    return element;
  }

  /** Shows the other translations of the sentence that has the focus. @param {FocusEvent} event */
  select(event) {
    const sentence = /** @type {Element} */ (event.target).closest("[data-sentence]");
    if (!(sentence instanceof HTMLElement)) return;
    const index = Number(sentence.dataset.sentence);
    this.others.show(index, this.items[index]?.translation, this.items.length > 1);
  }
}
