/** The view that classifies, with probabilities and the words that mattered. */

import { post } from "../api.js";
import { bars } from "../bars.js";
import { h } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { sentence } from "../format.js";
import { modelsFor, picker } from "../picker.js";

/** @typedef {import("../types.js").Attribution} Attribution */

/** Number of words in the lists. */
const LISTED = 4;
/** Effects below this share of the largest are left out. */
const VISIBLE = 0.05;

/** @type {import("../types.js").View} */
export const classify = {
  id: "classify",
  name: "Classify",
  serves: (info) => modelsFor(info, "classify").length > 0,
  missing: {
    what: "No loaded model classifies.",
    commands: ["crosshead train sentiment", "crosshead serve --model runs/sentiment"],
  },
  build,
};

/** @param {HTMLElement} panel @param {import("../types.js").Info} info */
function build(panel, info) {
  const feedback = new Feedback();
  const models = picker(modelsFor(info, "classify"));
  const run = () => {
    const { text } = source;
    if (text.trim() === "") return feedback.fail("Enter a text first.");
    return feedback.run("Classifying…", async (signal) => {
      /** @type {import("../types.js").Classification} */
      const answer = await post("api/classify", { model: models.model.name, text, attributions: true }, signal);
      const labels = bars(answer.labels.map(({ label, score }) => ({ text: label, value: score })));
      const words = answer.attributions ? why(text, answer.labels[0]?.label ?? "", answer.attributions) : [];
      const warning = answer.warning ? h("p", { className: "note warning" }, sentence(answer.warning)) : "";
      result.replaceChildren(h("h2", {}, "Probabilities"), labels, warning, ...words);
      result.hidden = false;
      return "";
    });
  };
  const source = entry({ label: "Text", limit: info.limits.characters, rows: 3, placeholder: "A text to classify", onsubmit: run });
  const result = h("section", { className: "card", hidden: true, "aria-label": "Result" });
  panel.append(
    h("h1", {}, "Classify"),
    models.element,
    source.element,
    h("div", { className: "actions" }, h("button", { type: "button", className: "primary", onclick: run }, "Classify"), feedback.element),
    result,
  );
}

/** The text with its words tinted, and the strongest words. @param {string} text @param {string} label @param {Attribution[]} words */
function why(text, label, words) {
  const most = Math.max(Number.EPSILON, ...words.map(({ score }) => Math.abs(score)));
  /** @type {(Node | string)[]} */
  const parts = [];
  let at = 0;
  for (const { start, end, score } of words) {
    const share = Math.abs(score) / most;
    if (start < at || share < VISIBLE) continue;
    const word = h("span", { className: score > 0 ? "for" : "against", title: signed(score) }, text.slice(start, end));
    word.style.setProperty("--share", String(share));
    parts.push(text.slice(at, start), word);
    at = end;
  }
  const ranked = words.filter(({ score }) => Math.abs(score) / most >= VISIBLE).sort((a, b) => b.score - a.score);
  const speaksFor = ranked.filter(({ score }) => score > 0).slice(0, LISTED);
  const against = ranked.filter(({ score }) => score < 0).slice(-LISTED).reverse();
  return [
    h("h2", {}, "Words that mattered"),
    h("p", { className: "result-text tinted", dir: "auto" }, ...parts, text.slice(at)),
    h("div", { className: "columns" }, strongest(`For “${label}”`, "for", speaksFor), strongest(`Against “${label}”`, "against", against)),
    h("p", { className: "hint" }, "The number is how much the probability changes if the model does not see the word."),
  ];
}

/** @param {string} title @param {string} kind @param {Attribution[]} words */
function strongest(title, kind, words) {
  const rows = words.map(({ text, score }) => h("li", {}, h("span", { className: kind, dir: "auto" }, text), " ", h("span", { className: "number" }, signed(score))));
  return h("div", {}, h("h3", {}, title), rows.length > 0 ? h("ul", { className: "plain" }, ...rows) : h("p", { className: "hint" }, "None"));
}

/** @param {number} score */
function signed(score) {
  return `${score > 0 ? "+" : "−"}${Math.abs(score).toFixed(2)}`;
}
