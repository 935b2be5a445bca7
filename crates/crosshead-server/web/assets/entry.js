/** A text field that grows with its text, counts characters, and can mark parts of the text. */

import { field, h } from "./dom.js";
import { count } from "./format.js";

/**
 * @param {{ label: string, limit?: number, placeholder?: string, value?: string, rows?: number, oninput?: () => void,
 *   onsubmit?: () => void, hideLabel?: boolean }} options `onsubmit` is called for Ctrl+Enter
 */
export function entry({ label, limit = Infinity, placeholder = "", value = "", rows = 4, oninput, onsubmit, hideLabel }) {
  const area = h("textarea", { value, placeholder, rows, dir: "auto", spellcheck: false });
  const mirror = h("div", { className: "mirror", "aria-hidden": true, dir: "auto" });
  const counter = h("p", { className: "counter" });
  const update = () => {
    // The trailing character gives an empty last line its height.
    mirror.replaceChildren(`${area.value}\u200b`);
    const length = [...area.value].length;
    counter.textContent = Number.isFinite(limit) ? `${count(length)} / ${count(limit)}` : count(length);
    counter.append(h("span", { className: "visually-hidden" }, " characters"));
    const over = length > limit;
    counter.classList.toggle("over", over);
    if (over) area.setAttribute("aria-invalid", "true");
    else area.removeAttribute("aria-invalid");
  };
  area.addEventListener("input", () => {
    update();
    oninput?.();
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onsubmit?.();
  });
  area.classList.add(`rows-${rows}`);
  const labelled = field(label, area);
  labelled.classList.add("entry");
  if (hideLabel) labelled.querySelector("label")?.classList.add("visually-hidden");
  // The field moves into the stack.
  labelled.append(h("div", { className: "stack" }, mirror, area), counter);
  update();
  return {
    element: labelled,
    area,
    mirror,
    counter,
    get text() {
      return area.value;
    },
    set text(text) {
      area.value = text;
      update();
    },
    get isTooLong() {
      return [...area.value].length > limit;
    },
    /** @param {string} language */
    setLanguage(language) {
      area.lang = language;
      mirror.lang = language;
    },
    /**
     * Replaces the text behind the field by elements with the same text.
     * @param {(Node | string)[]} parts
     */
    mark(parts) {
      mirror.replaceChildren(...parts, "\u200b");
    },
  };
}
