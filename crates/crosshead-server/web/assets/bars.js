/** A list of values from 0 to 1, as bars with their text and percentage. */

import { h } from "./dom.js";
import { percent } from "./format.js";

/**
 * @param {{ text: string, value: number, lang?: string }[]} rows
 * @param {{ format?: (value: number) => string, onpick?: (index: number) => void, action?: string }} [options] with
 *   `onpick`, each row is a button
 */
export function bars(rows, { format = percent, onpick, action = "" } = {}) {
  return h(
    "ol",
    { className: "bars" },
    ...rows.map(({ text, value, lang }, index) => {
      const fill = h("span", { className: "bar", "aria-hidden": true });
      fill.style.setProperty("--share", String(Math.max(0, Math.min(1, value))));
      const parts = [
        fill,
        h("span", { className: "bar-text", dir: "auto", lang }, text),
        h("span", { className: "bar-value" }, format(value)),
      ];
      if (!onpick) return h("li", { className: "bar-row" }, ...parts);
      const pick = () => onpick(index);
      const hidden = h("span", { className: "visually-hidden" }, `${action} `);
      const button = h("button", { type: "button", className: "bar-row", onclick: pick }, hidden, ...parts);
      return h("li", {}, button);
    }),
  );
}
