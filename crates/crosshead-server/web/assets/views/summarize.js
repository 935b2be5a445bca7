/** The view that summarizes, and marks the words of the text that the summary copies. */

import { post } from "../api.js";
import { copy } from "../download.js";
import { h } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { percent } from "../format.js";
import { modelsFor, picker } from "../picker.js";
import { words } from "../segments.js";

/** @type {import("../types.js").View} */
export const summarize = {
  id: "summarize",
  name: "Summarize",
  serves: (info) => modelsFor(info, "summarize").length > 0,
  missing: {
    what: "No loaded model summarizes.",
    commands: ["crosshead train summarize", "crosshead serve --model runs/summarize"],
  },
  build,
};

/** @param {HTMLElement} panel @param {import("../types.js").Info} info */
function build(panel, info) {
  const feedback = new Feedback();
  const models = picker(modelsFor(info, "summarize"));
  const run = () => {
    const { text } = source;
    if (text.trim() === "") return feedback.fail("Enter a text first.");
    return feedback.run("Summarizing…", async (signal) => {
      /** @type {import("../types.js").Summary} */
      const answer = await post("api/summarize", { model: models.model.name, text }, signal);
      show(text, answer);
      return "";
    });
  };
  const source = entry({
    label: "Text",
    limit: info.limits.characters,
    rows: 9,
    placeholder: "Paste an article",
    onsubmit: run,
    oninput: () => {
      result.hidden = true;
    },
  });
  const summary = h("p", { className: "result-text", dir: "auto" });
  const share = h("p", { className: "hint" });
  const cut = h("p", { className: "note warning", hidden: true }, "The text is longer than the model reads, so its end was left out.");
  const copyButton = h("button", { type: "button", className: "quiet" }, "Copy");
  copyButton.addEventListener("click", () => void copy(summary.textContent ?? "", copyButton));
  const result = h("section", { className: "card", hidden: true, "aria-label": "Summary" },
    h("h2", {}, "Summary"), summary, cut, h("div", { className: "card-foot" }, share, copyButton));

  const show = (/** @type {string} */ text, /** @type {import("../types.js").Summary} */ answer) => {
    summary.textContent = answer.summary;
    const copied = answer.copied.reduce((sum, [start, end]) => sum + words(text.slice(start, end)).length, 0);
    const all = words(text).length;
    share.replaceChildren("The ", h("mark", {}, "marked"), ` words of the text are in the summary: ${percent(copied / Math.max(1, all))} of the text.`);
    /** @type {(Node | string)[]} */
    const parts = [];
    let at = 0;
    for (const [start, end] of answer.copied) {
      if (start < at) continue;
      parts.push(text.slice(at, start), h("mark", {}, text.slice(start, end)));
      at = end;
    }
    source.mark([...parts, text.slice(at)]);
    cut.hidden = !answer.truncated;
    result.hidden = false;
  };

  panel.append(
    h("h1", {}, "Summarize"),
    models.element,
    source.element,
    h("div", { className: "actions" }, h("button", { type: "button", className: "primary", onclick: run }, "Summarize"), feedback.element),
    result,
  );
}
