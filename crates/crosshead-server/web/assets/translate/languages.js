/** The languages to translate from and to, with detection and a button that exchanges them. */

import { field, h, select } from "../dom.js";
import { languageName, percent } from "../format.js";

/**
 * @typedef {import("../types.js").Model} Model
 * @typedef {import("../types.js").Detected} Detected
 */

/** The value for a language that is detected. */
const AUTO = "auto";
/** From this confidence on, a text in a language that the model does not read gets a note. */
const CONFIDENT = 0.8;

/**
 * @param {Model[]} models all translation models
 * @param {{ onchange: () => void, onswap: (model: Model) => void }} events `onswap` gets the model for the other direction
 */
export function languages(models, { onchange, onswap }) {
  let model = models[0];
  /** @type {Detected | null} */
  let detected = null;
  const changed = () => {
    tell();
    onchange();
  };
  const from = select([], changed);
  const to = select([], changed);
  const note = h("p", { className: "hint detected", role: "status" });
  const swap = h(
    "button",
    { type: "button", className: "swap", "aria-label": "Exchange the languages", onclick: () => exchange() },
    h("span", { "aria-hidden": true }, "⇄"),
  );
  const fill = (/** @type {HTMLSelectElement} */ list, /** @type {{ value: string, text: string }[]} */ options) => {
    const before = list.value;
    list.replaceChildren(...options.map(({ value, text }) => h("option", { value }, text)));
    if (options.some(({ value }) => value === before)) list.value = before;
    list.disabled = options.length === 1;
  };

  /** The language that the model is told; null lets the server choose. */
  const chosenFrom = () => {
    if (from.value !== AUTO) return from.value;
    if (detected && model.from.includes(detected.language)) return detected.language;
    return model.from.length === 1 ? model.from[0] : null;
  };
  /** A model for the other direction, the current one if it can. */
  const opposite = () => {
    const source = chosenFrom();
    const can = (/** @type {Model} */ other) =>
      source !== null && other.from.includes(to.value) && other.to.includes(source);
    return can(model) ? model : models.find(can);
  };
  const exchange = () => {
    const other = opposite();
    const [source, target] = [chosenFrom(), to.value];
    if (!other || source === null) return;
    use(other);
    from.value = target;
    to.value = source;
    onswap(other);
    tell();
  };
  const tell = () => {
    const other = opposite();
    swap.disabled = !other;
    swap.title = other ? "" : "No loaded model translates in the other direction";
    note.textContent = describe();
    note.classList.toggle("warning", isForeign());
  };
  const isForeign = () =>
    detected !== null && detected.confidence >= CONFIDENT && model.from.length > 0 && !model.from.includes(detected.language);
  const describe = () => {
    if (!detected || from.value !== AUTO) return "";
    const name = languageName(detected.language);
    if (isForeign()) {
      const known = model.from.map(languageName).join(", ");
      return `This looks like ${name}, but the model translates from ${known}.`;
    }
    return model.from.length === 1 ? "" : `Detected: ${name} (${percent(detected.confidence)} sure)`;
  };
  const use = (/** @type {Model} */ next) => {
    model = next;
    const named = (/** @type {string[]} */ codes) =>
      codes.map((code) => ({ value: code, text: languageName(code) })).sort((a, b) => a.text.localeCompare(b.text));
    const detect = { value: AUTO, text: model.from.length === 0 ? "As trained" : "Detect" };
    fill(from, [detect, ...named(model.from)]);
    fill(to, model.to.length === 0 ? [{ value: "", text: "As trained" }] : named(model.to));
    tell();
  };

  use(model);
  return {
    element: h(
      "div",
      { className: "languages" },
      field("From", from),
      swap,
      field("To", to),
      note,
    ),
    use,
    get isAutomatic() {
      return from.value === AUTO;
    },
    get chosen() {
      return { from: chosenFrom(), to: to.value };
    },
    /** @param {Detected | null} language */
    set detected(language) {
      detected = language;
      tell();
    },
  };
}
