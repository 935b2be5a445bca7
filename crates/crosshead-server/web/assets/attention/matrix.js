/** Attention as a matrix: a row for each query, a column for each key. */

import { svg } from "../dom.js";
import { number } from "../format.js";
import { FONT, largest, longest } from "./palette.js";

/** Pixels of a cell and around the drawing. */
const CELL = 30;
const MARGIN = 14;
/** The slope of the column labels, in degrees. */
const SLOPE = 50;

/** @param {import("./palette.js").Drawn} map @param {import("./palette.js").Palette} colors */
export function drawMatrix({ queries, keys, weights, title }, colors) {
  const radians = (SLOPE * Math.PI) / 180;
  const left = MARGIN + longest(queries) + 10;
  const top = MARGIN + longest(keys) * Math.sin(radians) + 16;
  const width = left + CELL * keys.length + Math.max(MARGIN, longest(keys.slice(-1)) * Math.cos(radians) + 8);
  const height = top + CELL * queries.length + MARGIN;
  const most = largest(weights);
  const columns = keys.map((text, column) => {
    const [x, y] = [left + CELL * (column + 0.5), top - 8];
    return svg("text", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${-SLOPE})`, fill: colors.ink }, text);
  });
  const rows = queries.map((text, row) => {
    const y = top + CELL * (row + 0.5) + FONT / 3;
    return svg("text", { x: left - 10, y: y.toFixed(1), "text-anchor": "end", fill: colors.ink }, text);
  });
  const cells = weights.flatMap((row, query) =>
    row.map((weight, key) =>
      svg(
        "rect",
        {
          x: (left + CELL * key + 1).toFixed(1), y: (top + CELL * query + 1).toFixed(1), width: CELL - 2, height: CELL - 2, rx: 3,
          fill: colors.accent, "fill-opacity": (0.04 + (0.96 * weight) / most).toFixed(3), class: "cell",
        },
        svg("title", {}, `${queries[query]} → ${keys[key]}: ${number(weight)}`),
      ),
    ),
  );
  return svg(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width.toFixed(0)} ${height.toFixed(0)}`, width: width.toFixed(0), height: height.toFixed(0),
      role: "img", "aria-label": title, "font-family": "system-ui, sans-serif", "font-size": FONT,
    },
    colors.background && svg("rect", { width: "100%", height: "100%", fill: colors.background }),
    ...columns,
    ...rows,
    ...cells,
  );
}
