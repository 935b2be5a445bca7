/** Attention as lines between two columns of words: the queries on the left read from the keys on the right. */

import { svg } from "../dom.js";
import { number } from "../format.js";
import { FONT, largest, longest } from "./palette.js";

/** Pixels of a row, and around the drawing. */
const ROW = 30;
const MARGIN = 14;
/** The least and the most pixels between the columns. */
const [NARROW, WIDE] = [80, 260];
/** Weights below this share of the largest are not drawn. */
const VISIBLE = 0.02;

/**
 * @param {import("./palette.js").Drawn} map
 * @param {import("./palette.js").Palette} colors
 * @param {number} room pixels that the drawing may be wide
 */
export function drawLines({ queries, keys, weights, title }, colors, room) {
  const [left, right] = [longest(queries), longest(keys)];
  const gap = Math.max(NARROW, Math.min(WIDE, room - left - right - 2 * MARGIN - 44));
  const [start, end] = [MARGIN + left + 10, MARGIN + left + 10 + gap];
  const width = end + 10 + right + MARGIN;
  const height = 2 * MARGIN + ROW * Math.max(queries.length, keys.length);
  const y = (/** @type {number} */ row) => MARGIN + ROW * (row + 0.5);
  const most = largest(weights);
  const lines = svg("g", { fill: "none", stroke: colors.accent });
  /** @type {{ line: SVGElement, query: number, key: number, share: number }[]} */
  const drawn = [];
  weights.forEach((row, query) =>
    row.forEach((weight, key) => {
      const share = weight / most;
      if (share < VISIBLE) return;
      const bend = gap / 2;
      const path = `M${start} ${y(query)}C${start + bend} ${y(query)} ${end - bend} ${y(key)} ${end} ${y(key)}`;
      const line = svg("path", { d: path, "stroke-width": (0.8 + 4 * share).toFixed(2), "stroke-opacity": share.toFixed(3) });
      lines.append(line);
      drawn.push({ line, query, key, share });
    }),
  );
  const focus = (/** @type {((line: { query: number, key: number }) => boolean) | null} */ isShown) => {
    for (const each of drawn) {
      const opacity = isShown === null || isShown(each) ? each.share : each.share * 0.06;
      each.line.setAttribute("stroke-opacity", opacity.toFixed(3));
    }
  };
  const label = (/** @type {string} */ text, /** @type {number} */ row, /** @type {boolean} */ isQuery) => {
    const x = isQuery ? start - 10 : end + 10;
    const name = svg("text", { x, y: y(row) + FONT / 3, "text-anchor": isQuery ? "end" : "start", fill: colors.ink }, text);
    const shown = isQuery ? weights[row] : weights.map((each) => each[row]);
    const others = isQuery ? keys : queries;
    const best = shown.indexOf(Math.max(...shown));
    const description = `${text}: ${isQuery ? "reads most from" : "is read most by"} ${others[best]}, ${number(shown[best])}`;
    const area = svg("rect", {
      x: isQuery ? 0 : end + 4, y: y(row) - ROW / 2 + 2, width: (isQuery ? start - 4 : width - end - 4), height: ROW - 4,
      rx: 5, fill: colors.accent, "fill-opacity": 0,
    });
    const group = svg("g", { class: "end", tabindex: 0, role: "img", "aria-label": description }, area, name);
    const on = () => (area.setAttribute("fill-opacity", "0.14"), focus((line) => (isQuery ? line.query : line.key) === row));
    const off = () => (area.setAttribute("fill-opacity", "0"), focus(null));
    group.addEventListener("pointerenter", on);
    group.addEventListener("pointerleave", off);
    group.addEventListener("focus", on);
    group.addEventListener("blur", off);
    return group;
  };
  return svg(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width.toFixed(0)} ${height}`, width: width.toFixed(0), height,
      role: "group", "aria-label": title, "font-family": "system-ui, sans-serif", "font-size": FONT,
    },
    colors.background && svg("rect", { width: "100%", height: "100%", fill: colors.background }),
    lines,
    ...queries.map((text, row) => label(text, row, true)),
    ...keys.map((text, row) => label(text, row, false)),
  );
}
