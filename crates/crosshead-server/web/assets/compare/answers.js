/** How each task that can be compared is asked, and what of its answer is shown. */

import { percent } from "../format.js";

/**
 * @typedef {{ text: string, facts: string[] }} Answer
 * @typedef {object} Answerer
 * @property {string} name
 * @property {string} path
 * @property {(text: string, model: import("../types.js").Model) => object} body
 * @property {(answer: any) => Answer} read
 */

/** Number of tokens of a continuation. */
const TOKENS = 60;

/** @type {Partial<Record<import("../types.js").Task, Answerer>>} */
export const ANSWERS = {
  translate: {
    name: "Translate",
    path: "api/translate",
    body: (text, { from, to }) => ({ text, from: from.length === 1 ? from[0] : "auto", to: to[0] }),
    read: ({ translations: [{ text, score, warning }] }) => ({
      text,
      facts: [`score ${score.toFixed(2)}`, ...(warning ? ["far from what the model knows"] : [])],
    }),
  },
  summarize: {
    name: "Summarize",
    path: "api/summarize",
    body: (text) => ({ text }),
    read: ({ summary }) => ({ text: summary, facts: [] }),
  },
  classify: {
    name: "Classify",
    path: "api/classify",
    body: (text) => ({ text, attributions: false }),
    read: ({ labels }) => ({
      text: labels[0].label,
      facts: labels.map((/** @type {import("../types.js").Label} */ { label, score }) => `${label} ${percent(score)}`),
    }),
  },
  generate: {
    name: "Generate",
    path: "api/generate",
    body: (text) => ({ prompt: text, max_tokens: TOKENS, temperature: 0, stream: false }),
    read: ({ text, tokens }) => ({ text, facts: [`${tokens.length} tokens`] }),
  },
};
