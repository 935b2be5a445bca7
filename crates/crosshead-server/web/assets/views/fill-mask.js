/** The view that fills masked words. */

import { post } from "../api.js";
import { bars } from "../bars.js";
import { h } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { modelsFor, picker } from "../picker.js";

/** The mask token of a model that does not name its own. */
const MASK = "[MASK]";

/** @type {import("../types.js").View} */
export const fillMask = {
  id: "fill-mask",
  name: "Fill in",
  serves: (info) => modelsFor(info, "fill-mask").length > 0,
  missing: {
    what: "No loaded model fills in masked words.",
    commands: ["crosshead train masked-lm", "crosshead serve --model runs/masked-lm", "crosshead serve --model bert=bert-base-uncased"],
  },
  build,
};

/** @param {HTMLElement} panel @param {import("../types.js").Info} info */
function build(panel, info) {
  const feedback = new Feedback();
  const models = picker(modelsFor(info, "fill-mask"), {
    onchange: () => {
      insert.textContent = `Insert ${mask()}`;
    },
  });
  const mask = () => models.model.mask ?? MASK;
  const run = () => {
    const { text } = source;
    if (!text.includes(mask())) return feedback.fail(`Put ${mask()} where a word is to be filled in.`);
    return feedback.run("Looking for words…", async (signal) => {
      /** @type {{ masks: import("../types.js").Guess[][] }} */
      const { masks } = await post("api/fill-mask", { model: models.model.name, text }, signal);
      const lists = masks.map((guesses, index) => {
        const rows = guesses.map(({ token, score }) => ({ text: token, value: score }));
        const list = bars(rows, { onpick: (row) => put(index, guesses[row].token), action: "Fill in" });
        return h("div", {}, h("h2", {}, masks.length > 1 ? `Mask ${index + 1}` : "Words"), list);
      });
      result.replaceChildren(h("div", { className: "columns" }, ...lists), h("p", { className: "hint" }, "Choose a word to put it into the text."));
      result.hidden = false;
      return "";
    });
  };
  const put = (/** @type {number} */ index, /** @type {string} */ token) => {
    const parts = source.text.split(mask());
    const [before, after] = [parts.slice(0, index + 1).join(mask()), parts.slice(index + 1).join(mask())];
    source.text = before + token.trim() + after;
    result.hidden = true;
    source.area.focus();
    if (source.text.includes(mask())) void run();
  };
  const source = entry({ label: "Text", limit: info.limits.characters, rows: 2, value: `The cat sat on the ${mask()}.`, onsubmit: () => void run() });
  const insert = h("button", { type: "button" }, `Insert ${mask()}`);
  insert.addEventListener("click", () => {
    const { area } = source;
    area.setRangeText(mask(), area.selectionStart, area.selectionEnd, "end");
    source.text = area.value;
    area.focus();
  });
  const result = h("section", { className: "card", hidden: true, "aria-label": "Words" });
  panel.append(
    h("h1", {}, "Fill in words"),
    models.element,
    source.element,
    h("div", { className: "actions" }, h("button", { type: "button", className: "primary", onclick: () => void run() }, "Fill in"), insert, feedback.element),
    result,
  );
}
