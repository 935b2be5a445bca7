/** The view that translates: the text on one side, its translation on the other, renewed while one writes. */

import { post } from "../api.js";
import { copy } from "../download.js";
import { debounced, h } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { langOf } from "../format.js";
import { modelsFor, picker } from "../picker.js";
import { DocumentForm } from "../translate/document.js";
import { glossary } from "../translate/glossary.js";
import { languages } from "../translate/languages.js";
import { Output } from "../translate/output.js";
import { Sentences } from "../translate/sentences.js";

/** Milliseconds without a key press until the text is translated. */
const PAUSE = 500;

/** @type {import("../types.js").View} */
export const translate = {
  id: "translate",
  name: "Translate",
  serves: (info) => modelsFor(info, "translate").length > 0,
  missing: {
    what: "No loaded model translates.",
    commands: ["crosshead serve --model translate-en-de", "crosshead serve --model en-de=runs/translate-en-de"],
  },
  build,
};

/** @param {HTMLElement} panel @param {import("../types.js").Info} info */
function build(panel, info) {
  const feedback = new Feedback();
  const models = picker(modelsFor(info, "translate"), { onchange: () => (tongues.use(models.model), soon.now()) });
  const tongues = languages(modelsFor(info, "translate"), {
    onchange: () => soon.now(),
    onswap(other) {
      const text = output.text;
      if (other !== models.model) models.choose(other.name);
      source.text = text;
      soon.now();
    },
  });
  tongues.use(models.model);
  const terms = glossary(() => soon.later());
  const cache = new Sentences();
  const source = entry({
    label: "Text",
    hideLabel: true,
    limit: info.limits.characters,
    rows: 7,
    placeholder: "Type or paste a text",
    oninput: () => soon.later(),
    onsubmit: () => soon.now(),
  });
  const output = new Output(source, () => ({ model: models.model.name, ...tongues.chosen, glossary: terms.terms }), feedback);
  const documents = new DocumentForm(info, () => ({ model: models.model.name, ...tongues.chosen }));
  const soon = debounced(PAUSE, () => void renew());

  async function renew() {
    const { text } = source;
    copyButton.disabled = text.trim() === "";
    if (text.trim() === "") {
      feedback.stop();
      feedback.say("");
      tongues.detected = null;
      output.clear();
      return;
    }
    if (source.isTooLong) {
      feedback.stop();
      feedback.fail("The text is longer than this server accepts. Shorten it, or translate it as a document.");
      return;
    }
    await feedback.run("Translating…", async (signal) => {
      if (tongues.isAutomatic) tongues.detected = await detect(text, signal);
      const { from, to } = tongues.chosen;
      source.setLanguage(langOf(from ?? ""));
      const settings = { model: models.model.name, from, to, glossary: terms.terms };
      output.show(text, await cache.translate(text, settings, signal), to);
      return "Translated.";
    });
  }

  const copyButton = h("button", { type: "button", className: "quiet", disabled: true }, "Copy");
  copyButton.addEventListener("click", () => void copy(output.text, copyButton));
  const clear = h("button", { type: "button", className: "quiet" }, "Clear");
  clear.addEventListener("click", () => {
    source.text = "";
    soon.now();
    source.area.focus();
  });
  source.element.append(h("div", { className: "pane-foot" }, source.counter, clear));

  panel.append(
    h("h1", { className: "visually-hidden" }, "Translate"),
    models.element,
    h(
      "div",
      { className: "translate" },
      tongues.element,
      h("div", { className: "panes" },
        h("div", { className: "pane" }, source.element),
        h("div", { className: "pane target" }, output.element, h("div", { className: "pane-foot" }, feedback.element, copyButton)),
      ),
    ),
    output.below,
    h("div", { className: "columns" }, terms.element, documents.element),
  );
  documents.acceptDrops(source.element);
}

/**
 * The most probable language of a text.
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<import("../types.js").Detected | null>}
 */
async function detect(text, signal) {
  /** @type {{ languages: import("../types.js").Detected[] }} */
  const { languages } = await post("api/detect", { text }, signal);
  return languages[0] ?? null;
}
