/** Builds elements. Styles are set through classes or the CSSOM, as the content security policy requires. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An HTML element. Properties of the element are set as such, names with a dash as attributes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name.includes("-") || name === "role" || name === "for") {
      element.setAttribute(name, String(value));
    } else {
      Reflect.set(element, name, value);
    }
  }
  element.append(...children.filter(isShown).map(asNode));
  return element;
}

/**
 * An SVG element with attributes.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children.filter(isShown).map(asNode));
  return element;
}

/** @param {Child} child @returns {child is Node | string | number} */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

/** @param {Child} child @returns {Node | string} */
function asNode(child) {
  return child instanceof Node ? child : String(child);
}

let ids = 0;

/** An id that no other element has. @param {string} name */
export function unique(name) {
  ids += 1;
  return `${name}-${ids}`;
}

/**
 * A form control with its label above it.
 * @param {string} text
 * @param {HTMLElement} control
 * @param {Child} [hint]
 */
export function field(text, control, hint) {
  control.id ||= unique("field");
  const described = hint ? h("p", { className: "hint", id: `${control.id}-hint` }, hint) : null;
  if (described) control.setAttribute("aria-describedby", described.id);
  return h("div", { className: "field" }, h("label", { htmlFor: control.id }, text), control, described);
}

/**
 * A drop-down list.
 * @param {{ value: string, text: string }[]} options
 * @param {(value: string) => void} [onchange]
 */
export function select(options, onchange) {
  const list = h("select", { onchange: () => onchange?.(list.value) });
  list.append(...options.map(({ value, text }) => h("option", { value }, text)));
  return list;
}

/**
 * Calls `run` once, `delay` ms after the last call.
 * @param {number} delay
 * @param {() => void} run
 */
export function debounced(delay, run) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return {
    later() {
      clearTimeout(timer);
      timer = setTimeout(run, delay);
    },
    now() {
      clearTimeout(timer);
      run();
    },
  };
}
