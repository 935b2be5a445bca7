/** Terms with a fixed translation, kept in this browser. */

import { h } from "../dom.js";

/** @typedef {import("../types.js").Term} Term */

const NAME = "crosshead.glossary";

/** @param {() => void} onchange */
export function glossary(onchange) {
  /** @type {Term[]} */
  let terms = load();
  const rows = h("div", { className: "terms" });
  const summary = h("summary", {}, "Glossary");
  const keep = () => {
    const inputs = [...rows.children].map((row) => [...row.querySelectorAll("input")].map(({ value }) => value.trim()));
    terms = inputs.map(([source, target]) => ({ source, target })).filter(({ source, target }) => source && target);
    localStorage.setItem(NAME, JSON.stringify(terms));
    tell();
    onchange();
  };
  const tell = () => {
    summary.textContent = terms.length === 0 ? "Glossary" : `Glossary (${terms.length})`;
  };
  const add = (/** @type {Term} */ { source, target }) => {
    const input = (/** @type {string} */ label, /** @type {string} */ value) =>
      h("input", { value, "aria-label": label, placeholder: label, onchange: keep, dir: "auto" });
    const remove = h("button", { type: "button", className: "quiet", "aria-label": `Remove the term ${source}` }, "×");
    const row = h(
      "div",
      { className: "term" },
      input("Term", source),
      h("span", { "aria-hidden": true }, "→"),
      input("Its translation", target),
      remove,
    );
    remove.addEventListener("click", () => {
      row.remove();
      keep();
      more.focus();
    });
    rows.append(row);
    return row;
  };
  const more = h("button", { type: "button" }, "Add a term");
  more.addEventListener("click", () => add({ source: "", target: "" }).querySelector("input")?.focus());
  terms.forEach(add);
  tell();
  const element = h(
    "details",
    { className: "box", open: terms.length > 0 },
    summary,
    h("p", { className: "hint" }, "Wherever a term is in the text, its translation is used as it is."),
    rows,
    more,
  );
  return {
    element,
    get terms() {
      return terms;
    },
  };
}

/** @returns {Term[]} */
function load() {
  try {
    const terms = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(terms) ? terms.filter((term) => term?.source && term?.target) : [];
  } catch {
    return [];
  }
}
