/** The view of attention maps: which layer and head, as lines or as a matrix. */

import { post } from "../api.js";
import { drawLines } from "../attention/lines.js";
import { drawMatrix } from "../attention/matrix.js";
import { overview } from "../attention/overview.js";
import { palette, PAPER } from "../attention/palette.js";
import { table } from "../attention/table.js";
import { save } from "../download.js";
import { field, h, select, unique } from "../dom.js";
import { entry } from "../entry.js";
import { Feedback } from "../feedback.js";
import { picker } from "../picker.js";

/**
 * @typedef {import("../types.js").AttentionMaps} Maps
 * @typedef {import("../types.js").Kind} Kind
 */

/** @type {Record<Kind, string>} */
const KINDS = { cross: "Cross: output to input", encoder: "Encoder", decoder: "Decoder" };

/** The models with attention to show. @param {import("../types.js").Info} info */
const modelsWithAttention = (info) => info.models.filter(({ attention }) => attention.length > 0);

/** @type {import("../types.js").View} */
export const attention = {
  id: "attention",
  name: "Attention",
  serves: (info) => modelsWithAttention(info).length > 0,
  missing: {
    what: "No loaded model has attention to show.",
    commands: ["crosshead serve --model translate-en-de", "crosshead serve --model bert=bert-base-uncased"],
  },
  build,
};

/** @param {HTMLElement} panel @param {import("../types.js").Info} info */
function build(panel, info) {
  const feedback = new Feedback();
  const models = picker(modelsWithAttention(info), { onchange: () => fillKinds() });
  const source = entry({ label: "Text", limit: info.limits.characters, rows: 2, value: "Open the file in a new window", onsubmit: () => load() });
  const target = h("input", { dir: "auto", placeholder: "Empty: the model writes its own" });
  const targetField = field("Output", target);
  const kind = select([], () => load());
  const layer = select([], () => draw());
  const head = select([], () => draw());
  const isWords = h("input", { type: "checkbox", id: unique("words"), checked: true, onchange: () => load() });
  const form = select([{ value: "lines", text: "Lines" }, { value: "matrix", text: "Matrix" }], () => draw());
  const drawing = h("div", { className: "drawing" });
  const details = h("div", {});
  const heads = overview((chosenLayer, chosenHead) => {
    layer.value = String(chosenLayer);
    head.value = String(chosenHead);
    draw();
  });
  const download = h("button", { type: "button", onclick: () => saveDrawing() }, "Download SVG");
  const result = h("div", { className: "attention", hidden: true });
  /** @type {Maps | null} */
  let maps = null;

  const fillKinds = () => {
    const kinds = [...models.model.attention].sort((a, b) => Object.keys(KINDS).indexOf(a) - Object.keys(KINDS).indexOf(b));
    kind.replaceChildren(...kinds.map((value) => h("option", { value }, KINDS[value])));
    targetField.hidden = !kinds.includes("cross");
    result.hidden = true;
  };
  const load = () => {
    if (source.text.trim() === "") return feedback.fail("Enter a text first.");
    return feedback.run("Computing the attention…", async (signal) => {
      const body = {
        model: models.model.name,
        source: source.text.trim(),
        target: targetField.hidden || target.value.trim() === "" ? null : target.value.trim(),
        kind: kind.value,
        words: isWords.checked,
      };
      maps = /** @type {Maps} */ (await post("api/attention", body, signal));
      fillLayers(maps);
      result.hidden = false;
      draw();
      return "";
    });
  };
  const fillLayers = (/** @type {Maps} */ { n_layers, n_heads }) => {
    const refill = (/** @type {HTMLSelectElement} */ list, /** @type {{ value: string, text: string }[]} */ options, /** @type {string} */ usual) => {
      const before = list.options.length === options.length ? list.value : usual;
      list.replaceChildren(...options.map(({ value, text }) => h("option", { value }, text)));
      list.value = before;
    };
    const numbered = (/** @type {number} */ n) => Array.from({ length: n }, (_, index) => ({ value: `${index + 1}`, text: `${index + 1} of ${n}` }));
    refill(layer, numbered(n_layers), String(n_layers));
    refill(head, [{ value: "mean", text: "Mean of all" }, ...numbered(n_heads)], "mean");
  };
  const weights = () => weightsOf(maps, Number(layer.value), head.value);
  const title = () => `${KINDS[/** @type {Kind} */ (kind.value)]}, layer ${layer.value}, ${head.value === "mean" ? "mean of all heads" : `head ${head.value}`}`;
  const picture = (/** @type {import("../attention/palette.js").Palette} */ colors, room = Infinity) => {
    const map = { queries: maps?.queries ?? [], keys: maps?.keys ?? [], weights: weights(), title: title() };
    return form.value === "lines" ? drawLines(map, colors, room) : drawMatrix(map, colors);
  };
  const draw = () => {
    if (!maps) return;
    drawing.replaceChildren(picture(palette(), drawing.clientWidth));
    details.replaceChildren(table(maps, weights(), title()));
    heads.show(maps, Number(layer.value), head.value);
  };
  const saveDrawing = () => {
    const text = new XMLSerializer().serializeToString(picture(PAPER));
    save(new Blob([text], { type: "image/svg+xml" }), `attention-${kind.value}-${layer.value}-${head.value}.svg`);
  };

  fillKinds();
  document.addEventListener("crosshead:theme", draw);
  let width = 0;
  new ResizeObserver(() => {
    if (drawing.clientWidth !== width) draw();
    width = drawing.clientWidth;
  }).observe(drawing);
  result.append(
    h("div", { className: "controls" }, field("Layer", layer), field("Head", head), field("Show as", form), download),
    h("div", { className: "attention-body" }, drawing, heads.element),
    h("p", { className: "hint" }, "Each word reads from the words it is connected to; the stronger a line or the darker a cell, the more. Weights show what a layer reads, not why the model decides as it does."),
    details,
  );
  panel.append(
    h("h1", {}, "Attention"),
    models.element,
    source.element,
    targetField,
    h("div", { className: "controls" }, field("Attention", kind), h("div", { className: "check" }, isWords, h("label", { htmlFor: isWords.id }, "Join the pieces of words")), h("button", { type: "button", className: "primary", onclick: () => load() }, "Show")),
    feedback.element,
    result,
  );
  let isFirst = true;
  return {
    show() {
      if (isFirst) void load();
      isFirst = false;
    },
  };
}

/**
 * The weights of a head, or the mean of all heads of a layer.
 * @param {Maps | null} maps
 * @param {number} layer from 1
 * @param {string} head
 * @returns {number[][]}
 */
function weightsOf(maps, layer, head) {
  const ofLayer = (maps?.maps ?? []).filter((map) => map.layer === layer);
  const exact = ofLayer.find((map) => String(map.head) === head);
  if (exact) return exact.weights;
  const [first, ...rest] = ofLayer;
  if (!first) return [];
  return first.weights.map((row, query) =>
    row.map((weight, key) => rest.reduce((sum, map) => sum + map.weights[query][key], weight) / ofLayer.length),
  );
}
