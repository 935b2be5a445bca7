/** All layers and heads as small pictures, to choose from. */

import { h } from "../dom.js";
import { roving } from "../roving.js";
import { color } from "../theme.js";
import { largest } from "./palette.js";

/** Pixels of a picture. */
const SIZE = 44;

/** @param {(layer: number, head: number) => void} onpick */
export function overview(onpick) {
  const grid = h("div", { className: "heads", role: "group", "aria-label": "All heads; a row for each layer" });
  let columns = 1;
  const settle = roving(grid, "button", { columns: () => columns });
  return {
    element: h("div", { className: "overview" }, h("h2", {}, "All heads"), h("p", { className: "hint" }, "A row for each layer, the first at the top"), grid),
    /** @param {import("../types.js").AttentionMaps} maps @param {number} layer @param {string} head the chosen ones */
    show(maps, layer, head) {
      columns = maps.n_heads;
      grid.style.setProperty("--columns", String(columns));
      const shown = maps.maps.filter((map) => map.head !== "mean");
      // Keeps the focus while the choice moves.
      if (grid.children.length !== shown.length) grid.replaceChildren(...shown.map(() => h("button", { type: "button", tabIndex: -1 })));
      shown.forEach((map, index) => {
        const button = /** @type {HTMLButtonElement} */ (grid.children[index]);
        button.setAttribute("aria-label", `Layer ${map.layer}, head ${map.head}`);
        button.setAttribute("aria-pressed", String(map.layer === layer && String(map.head) === head));
        button.title = `Layer ${map.layer}, head ${map.head}`;
        button.onclick = () => onpick(map.layer, Number(map.head));
        button.replaceChildren(picture(map.weights));
      });
      settle();
    },
  };
}

/** @param {number[][]} weights */
function picture(weights) {
  const canvas = h("canvas", { width: SIZE, height: SIZE });
  const context = canvas.getContext("2d");
  const [rows, columns] = [weights.length, weights[0]?.length ?? 0];
  if (!context || rows === 0 || columns === 0) return canvas;
  context.fillStyle = color("--accent");
  const most = largest(weights);
  const [width, height] = [SIZE / columns, SIZE / rows];
  weights.forEach((row, y) =>
    row.forEach((weight, x) => {
      context.globalAlpha = weight / most;
      context.fillRect(x * width, y * height, width, height);
    }),
  );
  return canvas;
}
