/** The weights of a map as a table of numbers. */

import { h } from "../dom.js";

/** @param {import("../types.js").AttentionMaps} maps @param {number[][]} weights @param {string} title */
export function table({ queries, keys }, weights, title) {
  const head = h("tr", {}, h("td", {}), ...keys.map((key) => h("th", { scope: "col", dir: "auto" }, key)));
  const rows = weights.map((row, query) =>
    h("tr", {}, h("th", { scope: "row", dir: "auto" }, queries[query]), ...row.map((weight) => h("td", {}, weight.toFixed(2)))),
  );
  const numbers = h("table", {}, h("caption", {}, title), h("thead", {}, head), h("tbody", {}, ...rows));
  return h(
    "details",
    { className: "box" },
    h("summary", {}, "The weights as numbers"),
    h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Table of weights" }, numbers),
  );
}
