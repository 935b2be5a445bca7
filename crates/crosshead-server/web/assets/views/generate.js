/** The view that continues a text, token by token, with the probability of each. */

import { stream } from "../api.js";
import { field, h } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { modelsFor, picker } from "../picker.js";
import { Tokens } from "../tokens.js";

/** Why a text ends. @type {Record<string, string>} */
const ENDS = { stop: "The model ended the text.", length: "The text has as many tokens as it may." };

/** @type {import("../types.js").View} */
export const generate = {
  id: "generate",
  name: "Generate",
  serves: (info) => modelsFor(info, "generate").length > 0,
  missing: {
    what: "No loaded model generates text.",
    commands: ["crosshead train language-model", "crosshead serve --model runs/language-model"],
  },
  build,
};

/** @param {HTMLElement} panel @param {import("../types.js").Info} info */
function build(panel, info) {
  const feedback = new Feedback();
  const models = picker(modelsFor(info, "generate"));
  const setting = (/** @type {number} */ value, /** @type {object} */ range) => h("input", { type: "number", value: String(value), inputMode: "decimal", ...range });
  const length = setting(100, { min: "1", step: "1" });
  const temperature = setting(0.8, { min: "0", max: "2", step: "0.1" });
  const topP = setting(0.95, { min: "0", max: "1", step: "0.05" });
  const seed = setting(1, { min: "0", step: "1" });
  const tokens = new Tokens();

  const run = async () => {
    const prompt = source.text;
    const invalid = [length, temperature, topP, seed].find((input) => !input.reportValidity());
    if (invalid) return;
    result.hidden = false;
    go.disabled = true;
    stop.disabled = false;
    tokens.start(prompt);
    await feedback.run("Writing…", async (signal) => {
      const body = {
        model: models.model.name,
        prompt,
        max_tokens: length.valueAsNumber,
        temperature: temperature.valueAsNumber,
        top_p: topP.valueAsNumber,
        seed: seed.valueAsNumber,
        stream: true,
      };
      let end = "";
      for await (const event of stream("api/generate", body, signal)) {
        if (typeof event.logprob === "number") tokens.add(event);
        else tokens.addText(event.text ?? "");
        end = ENDS[event.stop_reason] ?? "";
      }
      return `${tokens.count} tokens. ${end}`;
    });
    go.disabled = false;
    stop.disabled = true;
    tokens.end();
  };
  const source = entry({ label: "Prompt", limit: info.limits.characters, rows: 3, placeholder: "The beginning of a text", onsubmit: () => void run() });
  const go = h("button", { type: "button", className: "primary", onclick: () => void run() }, "Continue");
  const stop = h("button", { type: "button", disabled: true, onclick: () => feedback.controller?.abort() }, "Stop");
  const result = h("section", { className: "card", hidden: true, "aria-label": "Text" },
    tokens.element,
    h("p", { className: "hint" }, "The lighter the line under a token, the less sure was the model. Point at a token, or move with the arrow keys, to see what else it considered."));
  panel.append(
    h("h1", {}, "Generate"),
    models.element,
    source.element,
    h("div", { className: "controls" }, field("Tokens", length), field("Temperature", temperature), field("Top p", topP), field("Seed", seed)),
    h("div", { className: "actions" }, go, stop, feedback.element),
    result,
  );
}
