/** The view that gives the same text to two models, and marks where their answers differ. */

import { post } from "../api.js";
import { ANSWERS } from "../compare/answers.js";
import { differences } from "../compare/differences.js";
import { field, h, select } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { modelsFor, picker } from "../picker.js";

/**
 * @typedef {import("../types.js").Info} Info
 * @typedef {import("../types.js").Task} Task
 * @typedef {import("../compare/answers.js").Answer} Answer
 */

/** The tasks with two models or more. @param {Info} info */
function tasks(info) {
  return /** @type {Task[]} */ (Object.keys(ANSWERS)).filter((task) => modelsFor(info, task).length > 1);
}

/** @type {import("../types.js").View} */
export const compare = {
  id: "compare",
  name: "Compare",
  serves: (info) => tasks(info).length > 0,
  missing: {
    what: "A comparison needs two models for the same task.",
    commands: ["crosshead serve --model greedy=runs/greedy --model long=runs/translate-en-de-long"],
  },
  build,
};

/** @param {HTMLElement} panel @param {Info} info */
function build(panel, info) {
  const sides = [new Side(), new Side()];
  const task = select(tasks(info).map((value) => ({ value, text: ANSWERS[value]?.name ?? value })), () => choose());
  const choose = () => {
    const models = modelsFor(info, /** @type {Task} */ (task.value));
    sides.forEach((side, index) => side.use(picker(models, { label: index === 0 ? "First model" : "Second model" }), models[index].name));
    answers.hidden = true;
  };
  const run = async () => {
    const { text } = source;
    const answerer = ANSWERS[/** @type {Task} */ (task.value)];
    if (!answerer) return;
    if (text.trim() === "") {
      sides[0].feedback.fail("Enter a text first.");
      return;
    }
    answers.hidden = false;
    await Promise.all(sides.map((side) => side.run(answerer, text)));
    const [a, b] = sides.map(({ answer }) => answer?.text);
    if (a === undefined || b === undefined) return;
    const [left, right] = differences(a, b);
    sides[0].show(left);
    sides[1].show(right);
    verdict.textContent = a === b ? "Both answers are the same." : "Words that only one of the answers has are marked.";
  };
  const source = entry({ label: "Text", limit: info.limits.characters, rows: 3, onsubmit: () => void run() });
  const verdict = h("p", { className: "hint", role: "status" });
  const answers = h("div", { hidden: true }, h("div", { className: "sides" }, ...sides.map(({ card }) => card)), verdict);
  panel.append(
    h("h1", {}, "Compare two models"),
    h("div", { className: "controls" }, field("Task", task)),
    h("div", { className: "sides" }, ...sides.map(({ head }) => head)),
    source.element,
    h("div", { className: "actions" }, h("button", { type: "button", className: "primary", onclick: () => void run() }, "Compare")),
    answers,
  );
  choose();
}

/** One of the two models and its answer. */
class Side {
  constructor() {
    this.feedback = new Feedback();
    this.head = h("div", {});
    this.name = h("h2", {});
    this.text = h("p", { className: "result-text", dir: "auto" });
    this.facts = h("p", { className: "hint" });
    this.card = h("section", { className: "card" }, this.name, this.text, this.facts, this.feedback.element);
    /** @type {Answer | undefined} */
    this.answer = undefined;
    /** @type {ReturnType<typeof picker> | undefined} */
    this.picker = undefined;
  }

  /** @param {ReturnType<typeof picker>} models @param {string} name */
  use(models, name) {
    this.picker = models;
    models.choose(name);
    this.head.replaceChildren(models.element);
  }

  /** @param {import("../compare/answers.js").Answerer} answerer @param {string} text */
  async run({ path, body, read }, text) {
    const model = this.picker?.model;
    if (!model) return;
    this.answer = undefined;
    this.name.textContent = model.name;
    this.show([]);
    this.facts.textContent = "";
    await this.feedback.run("Working…", async (signal) => {
      const start = performance.now();
      this.answer = read(await post(path, { model: model.name, ...body(text, model) }, signal));
      const seconds = (performance.now() - start) / 1000;
      this.facts.textContent = [...this.answer.facts, `${seconds.toFixed(2)} s`].join(" · ");
      this.show([this.answer.text]);
    });
  }

  /** @param {(Node | string)[]} parts */
  show(parts) {
    this.text.replaceChildren(...parts);
  }
}
