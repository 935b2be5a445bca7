/** The charts of the shown runs: one for the losses, and one for each other value. */

import { h } from "../dom.js";
import { Chart } from "./chart.js";

/** @typedef {import("./log.js").Log} Log */

/** Values that are not drawn. */
const HIDDEN = ["epoch", "seconds", "targets"];
/** The values drawn in one chart, and its title. @type {[string, string[]][]} */
const TOGETHER = [["Loss", ["loss", "valid_loss"]]];

/** @type {Record<string, string>} */
const NAMES = {
  learning_rate: "Learning rate",
  gradient_norm: "Gradient norm",
  valid_bleu: "BLEU, validation",
  valid_chrf: "chrF, validation",
  valid_accuracy: "Accuracy, validation",
  valid_perplexity: "Perplexity, validation",
};

export class Charts {
  constructor() {
    this.element = h("div", { className: "charts" });
    /** @type {Map<string, Chart>} */
    this.charts = new Map();
  }

  /** @param {(Log | undefined)[]} logs by color */
  show(logs) {
    const wanted = groups(logs);
    for (const [title, names] of wanted) {
      const chart = this.charts.get(title) ?? new Chart(title);
      this.charts.set(title, chart);
      const curves = logs.flatMap((log, color) =>
        log === undefined
          ? []
          : names.map((name) => ({
              label: names.length > 1 ? `${log.name}: ${name.replaceAll("_", " ")}` : log.name,
              color,
              isValidation: name.startsWith("valid_"),
              points: log.points(name),
            })),
      );
      chart.draw(curves.filter(({ points }) => points.length > 0));
    }
    const elements = wanted.map(([title]) => /** @type {Chart} */ (this.charts.get(title)).element);
    if (elements.length !== this.element.children.length || elements.some((element, index) => this.element.children[index] !== element)) {
      this.element.replaceChildren(...elements);
    }
  }

  redraw() {
    for (const chart of this.charts.values()) chart.draw(chart.curves);
  }
}

/** The charts to draw: titles and names of values. @param {(Log | undefined)[]} logs @returns {[string, string[]][]} */
function groups(logs) {
  const names = [...new Set(logs.flatMap((log) => log?.names ?? []))].filter((name) => !HIDDEN.includes(name));
  const taken = TOGETHER.flatMap(([, together]) => together);
  const joined = TOGETHER.filter(([, together]) => together.some((name) => names.includes(name)));
  const metrics = names.filter((name) => name.startsWith("valid_") && !taken.includes(name)).sort();
  const others = names.filter((name) => !name.startsWith("valid_") && !taken.includes(name));
  return [...joined, ...[...metrics, ...others].map((name) => /** @type {[string, string[]]} */ ([titleOf(name), [name]]))];
}

/** @param {string} name */
function titleOf(name) {
  const plain = name.replace(/^valid_/, "").replaceAll("_", " ");
  return NAMES[name] ?? (name.startsWith("valid_") ? `${plain}, validation` : plain);
}
