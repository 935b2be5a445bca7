/** Other translations of a sentence, to choose from. */

import { h } from "../dom.js";
import { langOf } from "../format.js";

/** @typedef {import("../types.js").Translation} Translation */

/** @param {(index: number, translation: Translation) => void} onpick */
export function others(onpick) {
  const list = h("ul", {});
  const title = h("h2", {}, "Other translations");
  const element = h("section", { className: "others", hidden: true, "aria-label": "Other translations" }, title, list);
  return {
    element,
    clear() {
      element.hidden = true;
    },
    /**
     * @param {number} index of the sentence
     * @param {Translation | undefined} translation
     * @param {boolean} isOneOfMany
     */
    show(index, translation, isOneOfMany) {
      const texts = (translation?.alternatives ?? []).filter(({ text }) => text !== translation?.text);
      element.hidden = texts.length === 0;
      title.textContent = isOneOfMany ? `Other translations of sentence ${index + 1}` : "Other translations";
      list.replaceChildren(
        ...texts.map((alternative) => {
          const pick = () => translation && onpick(index, exchanged(translation, alternative));
          const button = h("button", { type: "button", onclick: pick, dir: "auto" }, alternative.text);
          const output = document.querySelector(".output");
          button.lang = output instanceof HTMLElement ? langOf(output.lang) : "";
          return h("li", {}, button);
        }),
      );
    },
  };
}

/** A translation with another text, which takes the place of its own among the others. @param {Translation} translation
 * @param {{ text: string, score: number }} chosen @returns {Translation} */
function exchanged(translation, chosen) {
  const { text, score, alternatives } = translation;
  const rest = alternatives.filter((alternative) => alternative.text !== chosen.text && alternative.text !== text);
  return { ...translation, ...chosen, alignment: null, alternatives: [{ text, score }, ...rest] };
}
