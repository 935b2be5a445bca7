/** A line chart over training steps, with a reading of all curves at the pointer or the arrow keys. */

import { h, svg } from "../dom.js";
import { count, number } from "../format.js";
import { ticks } from "./ticks.js";

/** @typedef {{ label: string, color: number, isValidation: boolean, points: [number, number][] }} Curve */

const HEIGHT = 240;
/** The width until the chart is in the page. */
const WIDTH = 520;
const [LEFT, RIGHT, TOP, BOTTOM] = [54, 12, 10, 28];
/** A curve with more points is drawn as means of adjacent ones. */
const POINTS = 400;

export class Chart {
  /** @param {string} title */
  constructor(title) {
    /** @type {Curve[]} */
    this.curves = [];
    this.title = title;
    this.range = { steps: [0, 1], values: [0, 1] };
    this.width = WIDTH;
    this.canvas = svg("svg", { class: "chart", height: HEIGHT, tabindex: 0, role: "img" });
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.cursor = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
    this.reading = h("div", { className: "legend" });
    /** @type {number | null} the step under the cursor */
    this.at = null;
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.read(null));
    this.canvas.addEventListener("blur", () => this.read(null));
    this.canvas.addEventListener("keydown", (event) => this.move(event));
    this.element = h("figure", { className: "card" }, h("figcaption", {}, title), this.canvas, this.reading);
  }

  /** Draws in pixels of the screen, so that texts keep their size. */
  resize() {
    const { width } = this.canvas.getBoundingClientRect();
    if (width === 0 || width === this.width) return;
    this.width = width;
    if (this.curves.length > 0) this.draw(this.curves);
  }

  /** @param {Curve[]} curves */
  draw(curves) {
    this.curves = curves;
    this.canvas.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    const all = curves.flatMap(({ points }) => points);
    const span = (/** @type {0 | 1} */ axis) => all.reduce(([low, high], point) => [Math.min(low, point[axis]), Math.max(high, point[axis])], [Infinity, -Infinity]);
    const values = ticks(...wide(span(1)), 4);
    const [firstStep, lastStep] = span(0);
    this.range = { steps: [firstStep, Math.max(lastStep, firstStep + 1)], values: [values[0], values[values.length - 1]] };
    const grid = values.map((value) => {
      const y = this.y(value);
      return svg("g", {}, svg("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }), svg("text", { class: "tick", x: LEFT - 8, y: y + 4, "text-anchor": "end" }, number(value)));
    });
    const steps = ticks(this.range.steps[0], this.range.steps[1], 4)
      .filter((step) => step >= this.range.steps[0] && step <= this.range.steps[1])
      .map((step) => svg("text", { class: "tick", x: this.x(step), y: HEIGHT - 8, "text-anchor": "middle" }, count(step)));
    const lines = curves.map((curve) => this.line(curve));
    this.canvas.replaceChildren(...grid, ...steps, ...lines, this.cursor);
    const last = curves.map(({ label, points }) => `${label}: ${number(points[points.length - 1][1])}`);
    this.canvas.setAttribute("aria-label", `${this.title} over ${count(lastStep)} steps. Last values: ${last.join("; ")}. Arrow keys read other steps.`);
    this.read(this.at);
  }

  /** @param {Curve} curve */
  line({ points, color, isValidation }) {
    const shown = thinned(points);
    const path = shown.map(([step, value], index) => `${index === 0 ? "M" : "L"}${this.x(step).toFixed(1)} ${this.y(value).toFixed(1)}`).join("");
    const group = svg("g", { class: `curve curve-${color}${isValidation ? " validation" : ""}` }, svg("path", { d: path }));
    if (isValidation && shown.length <= 60) {
      group.append(...shown.map(([step, value]) => svg("circle", { cx: this.x(step).toFixed(1), cy: this.y(value).toFixed(1), r: 2.6 })));
    }
    return group;
  }

  /** @param {number} step */
  x(step) {
    const [low, high] = this.range.steps;
    return LEFT + ((step - low) / (high - low)) * (this.width - LEFT - RIGHT);
  }

  /** @param {number} value */
  y(value) {
    const [low, high] = this.range.values;
    return HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  }

  /** Shows the values of all curves at a step, or their last ones. @param {number | null} step */
  read(step) {
    this.at = step;
    const shown = this.curves.map(({ label, color, isValidation, points }) => {
      const [at, value] = step === null ? points[points.length - 1] : nearest(points, step);
      const swatch = h("span", { className: `swatch curve-${color}${isValidation ? " validation" : ""}`, "aria-hidden": true });
      return h("span", { className: "reading" }, swatch, `${label} `, h("b", { className: "number" }, number(value)), h("span", { className: "faint" }, ` at ${count(at)}`));
    });
    this.reading.replaceChildren(...shown);
    this.cursor.setAttribute("visibility", step === null ? "hidden" : "visible");
    if (step === null) return;
    this.cursor.setAttribute("x1", String(this.x(step)));
    this.cursor.setAttribute("x2", String(this.x(step)));
  }

  /** @param {PointerEvent} event */
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.width;
    const [low, high] = this.range.steps;
    const step = low + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (high - low);
    this.read(Math.round(Math.max(low, Math.min(high, step))));
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const [low, high] = this.range.steps;
    const stride = Math.max(1, Math.round((high - low) / 50));
    const at = this.at ?? high;
    const next = { ArrowLeft: at - stride, ArrowRight: at + stride, Home: low, End: high }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.read(Math.max(low, Math.min(high, next)));
  }
}

/** @param {[number, number][]} points @param {number} step */
function nearest(points, step) {
  return points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
}

/** A range that is not a single value. @param {number[]} range @returns {[number, number]} */
function wide([low, high]) {
  return low < high ? [low, high] : [low - Math.abs(low) / 2 - 1e-9, high + Math.abs(high) / 2 + 1e-9];
}

/** @param {[number, number][]} points @returns {[number, number][]} */
function thinned(points) {
  const size = Math.ceil(points.length / POINTS);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const part = points.slice(index * size, (index + 1) * size);
    const mean = (/** @type {0 | 1} */ axis) => part.reduce((sum, point) => sum + point[axis], 0) / part.length;
    return [mean(0), mean(1)];
  });
}
