/** The view that sorts sentences by their similarity to a query. */

import { post } from "../api.js";
import { bars } from "../bars.js";
import { h } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { modelsFor, picker } from "../picker.js";

/** @type {import("../types.js").View} */
export const similar = {
  id: "similar",
  name: "Similar",
  serves: (info) => modelsFor(info, "embed").length > 0,
  missing: {
    what: "No loaded model embeds sentences.",
    commands: ["crosshead serve --model sentence-transformers/all-MiniLM-L6-v2"],
  },
  build,
};

/** @param {HTMLElement} panel @param {import("../types.js").Info} info */
function build(panel, info) {
  const feedback = new Feedback();
  const models = picker(modelsFor(info, "embed"));
  const run = () => {
    const texts = corpus.text.split("\n").map((line) => line.trim()).filter(Boolean);
    if (query.text.trim() === "") return feedback.fail("Enter a query first.");
    if (texts.length === 0) return feedback.fail("Enter sentences to compare, one on each line.");
    return feedback.run("Comparing…", async (signal) => {
      const body = { model: models.model.name, query: query.text.trim(), texts };
      /** @type {{ results: { index: number, score: number }[] }} */
      const { results } = await post("api/similar", body, signal);
      const sorted = [...results].sort((a, b) => b.score - a.score);
      const rows = sorted.map(({ index, score }) => ({ text: texts[index], value: score }));
      result.replaceChildren(
        h("h2", {}, "Most similar first"),
        bars(rows, { format: (score) => score.toFixed(3) }),
        h("p", { className: "hint" }, "The number is the cosine of the angle between the two embeddings: 1 is the same direction."),
      );
      result.hidden = false;
      return "";
    });
  };
  const query = entry({ label: "Query", limit: info.limits.characters, rows: 1, placeholder: "How do I get my money back?", onsubmit: run });
  const corpus = entry({ label: "Sentences, one on each line", limit: info.limits.characters, rows: 7, onsubmit: run });
  const result = h("section", { className: "card", hidden: true, "aria-label": "Result" });
  panel.append(
    h("h1", {}, "Similar sentences"),
    models.element,
    query.element,
    corpus.element,
    h("div", { className: "actions" }, h("button", { type: "button", className: "primary", onclick: run }, "Compare"), feedback.element),
    result,
  );
}
