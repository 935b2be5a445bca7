/** Translates a text sentence by sentence, and asks the server only for those that are new. */

import { ApiError, post } from "../api.js";
import { langOf } from "../format.js";
import { sentences } from "../segments.js";

/**
 * @typedef {import("../types.js").Translation} Translation
 * @typedef {import("../segments.js").Span} Span
 * @typedef {{ span: Span, translation: Translation }} Translated
 * @typedef {{ model: string, from: string | null, to: string, glossary: import("../types.js").Term[] }} Settings
 */

/** Number of translations to keep. */
const KEPT = 1000;
/** Number of other translations of a sentence. */
const ALTERNATIVES = 3;

/** The part of a request that names the model and the languages. @param {Settings} settings */
export function direction({ model, from, to }) {
  return { model, from: from ?? "auto", to: to || undefined };
}

/** The part of a request that says how to translate a sentence. @param {Settings} settings */
export function manner(settings) {
  const { glossary } = settings;
  return { ...direction(settings), glossary: glossary.length > 0 ? glossary : undefined, split: "none" };
}

export class Sentences {
  constructor() {
    /** @type {Map<string, Translation>} */
    this.known = new Map();
  }

  /**
   * @param {string} text
   * @param {Settings} settings
   * @param {AbortSignal} signal
   * @returns {Promise<Translated[]>}
   */
  async translate(text, settings, signal) {
    const spans = sentences(text, langOf(settings.from ?? ""));
    const keyOf = (/** @type {string} */ sentence) => JSON.stringify([settings, sentence]);
    const unknown = [...new Set(spans.map((span) => span.text))].filter((sentence) => !this.known.has(keyOf(sentence)));
    if (unknown.length > 0) {
      const translations = await ask(unknown, settings, signal);
      unknown.forEach((sentence, index) => this.known.set(keyOf(sentence), translations[index]));
    }
    const translated = spans.map((span) => {
      const translation = this.known.get(keyOf(span.text));
      if (!translation) throw new Error("The server did not translate every sentence.");
      return { span, translation };
    });
    for (const key of [...this.known.keys()].slice(0, Math.max(0, this.known.size - KEPT))) this.known.delete(key);
    return translated;
  }
}

/**
 * @param {string[]} texts
 * @param {Settings} settings
 * @param {AbortSignal} signal
 * @returns {Promise<Translation[]>}
 */
async function ask(texts, settings, signal) {
  const body = { ...manner(settings), text: texts, alternatives: ALTERNATIVES };
  /** @type {{ translations: Translation[] }} */
  let answer;
  try {
    answer = await post("api/translate", { ...body, alignment: true }, signal);
  } catch (error) {
    // A sentence that is too long for an alignment is translated without one, in parts.
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    answer = await post("api/translate", { ...body, split: "sentences" }, signal);
  }
  return answer.translations;
}
