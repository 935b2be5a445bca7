/** Marks the words that belong to the word under the pointer or with the focus, on both sides of a translation. */

import { h } from "../dom.js";
import { locate } from "../segments.js";

/** @typedef {import("./sentences.js").Translated} Translated */

/** Weights below this share of the largest are not marked. */
const VISIBLE = 0.15;

/**
 * @param {HTMLElement} target
 * @param {ReturnType<typeof import("../entry.js").entry>} source
 */
export function marker(target, source) {
  /** @type {Translated[]} */
  let items = [];
  const wordIn = (/** @type {Element | null | undefined} */ element) => {
    const word = element?.closest("[data-word]");
    const sentence = word?.closest("[data-sentence]");
    if (!(word instanceof HTMLElement) || !(sentence instanceof HTMLElement)) return null;
    return { sentence: Number(sentence.dataset.sentence), word: Number(word.dataset.word) };
  };
  const mark = (/** @type {HTMLElement} */ side, /** @type {number} */ sentence, /** @type {number[]} */ weights) => {
    const largest = Math.max(...weights, Number.EPSILON);
    const words = side.querySelectorAll(`[data-sentence="${sentence}"] [data-word]`);
    for (const word of /** @type {NodeListOf<HTMLElement>} */ (words)) {
      const share = (weights[Number(word.dataset.word)] ?? 0) / largest;
      word.classList.toggle("marked", share >= VISIBLE);
      word.style.setProperty("--share", String(share));
    }
  };
  const unmark = () => {
    for (const side of [target, source.mirror]) {
      for (const word of side.querySelectorAll(".marked")) word.classList.remove("marked");
    }
  };
  const fromTarget = (/** @type {Event} */ event) => {
    unmark();
    const found = wordIn(/** @type {Element} */ (event.target));
    const weights = found && items[found.sentence]?.translation.alignment?.weights;
    if (!found || !weights) return;
    mark(source.mirror, found.sentence, weights[found.word] ?? []);
    mark(target, found.sentence, weights.map((_, word) => (word === found.word ? 1 : 0)));
  };
  // The words of the source are behind the text field.
  const fromSource = (/** @type {PointerEvent} */ { clientX, clientY }) => {
    const below = document.elementsFromPoint(clientX, clientY).find((element) => source.mirror.contains(element));
    unmark();
    const found = wordIn(below);
    const weights = found && items[found.sentence]?.translation.alignment?.weights;
    if (!found || !weights) return;
    mark(target, found.sentence, weights.map((row) => row[found.word] ?? 0));
    mark(source.mirror, found.sentence, (weights[0] ?? []).map((_, word) => (word === found.word ? 1 : 0)));
  };
  target.addEventListener("pointerover", fromTarget);
  target.addEventListener("focusin", fromTarget);
  target.addEventListener("pointerleave", unmark);
  target.addEventListener("focusout", unmark);
  source.area.addEventListener("pointermove", fromSource);
  source.area.addEventListener("pointerleave", unmark);

  return {
    clear() {
      items = [];
    },
    /** @param {string} text @param {Translated[]} translated */
    show(text, translated) {
      items = translated;
      // The text may have changed in the meantime; it will be translated again.
      if (source.text !== text) return;
      /** @type {(Node | string)[]} */
      const parts = [];
      let at = 0;
      items.forEach(({ span, translation: { alignment, warning } }, index) => {
        const element = h("span", { className: warning ? "sentence far" : "sentence" });
        element.dataset.sentence = String(index);
        let inner = 0;
        locate(span.text, alignment?.source ?? []).forEach(({ text: name, start, end }, word) => {
          const part = h("span", { className: "source-word" }, name);
          part.dataset.word = String(word);
          element.append(span.text.slice(inner, start), part);
          inner = end;
        });
        element.append(span.text.slice(inner));
        parts.push(text.slice(at, span.start), element);
        at = span.end;
      });
      source.mark([...parts, text.slice(at)]);
    },
  };
}
