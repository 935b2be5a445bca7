/** The choice of a model among those that can do a task. */

import { field, h, select } from "./dom.js";

/**
 * @typedef {import("./types.js").Model} Model
 * @typedef {import("./types.js").Task} Task
 */

/** The models for a task. @param {import("./types.js").Info} info @param {Task} task */
export function modelsFor(info, task) {
  return info.models.filter((model) => model.task === task);
}

/**
 * A list of models; with a single model, its name. Below it is what the model knows.
 * @param {Model[]} models at least one
 * @param {{ label?: string, onchange?: (model: Model) => void }} [options]
 */
export function picker(models, { label = "Model", onchange } = {}) {
  let model = models[0];
  const about = h("p", { className: "hint" });
  const tell = () => {
    about.textContent = [model.about, model.loaded ? "" : "not loaded yet: the first answer takes longer"]
      .filter(Boolean)
      .join("; ");
    about.hidden = about.textContent === "";
  };
  const list = select(
    models.map(({ name }) => ({ value: name, text: name })),
    (name) => choose(name),
  );
  const choose = (/** @type {string} */ name) => {
    model = models.find((candidate) => candidate.name === name) ?? model;
    list.value = model.name;
    tell();
    onchange?.(model);
  };
  const single = h("p", { className: "field" }, h("span", { className: "label" }, label), h("output", {}, model.name));
  const element = h("div", { className: "picker" }, models.length > 1 ? field(label, list) : single, about);
  tell();
  return {
    element,
    choose,
    get model() {
      return model;
    },
  };
}
