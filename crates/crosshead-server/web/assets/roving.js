/** One tab stop for a group of elements: the arrow keys move between them. */

/**
 * @param {HTMLElement | SVGElement} group
 * @param {string} selector of its elements
 * @param {{ columns?: () => number }} [options] with columns, up and down move by a row
 */
export function roving(group, selector, { columns } = {}) {
  const items = () => /** @type {HTMLElement[]} */ ([...group.querySelectorAll(selector)]);
  const settle = (/** @type {HTMLElement | undefined} */ current) => {
    for (const item of items()) item.tabIndex = item === current ? 0 : -1;
  };
  group.addEventListener("focusin", (event) => {
    const item = /** @type {HTMLElement} */ (event.target);
    if (item.matches(selector)) settle(item);
  });
  group.addEventListener("keydown", (event) => {
    const { key, target } = /** @type {KeyboardEvent} */ (event);
    const all = items();
    const at = all.indexOf(/** @type {HTMLElement} */ (target));
    const rtl = getComputedStyle(group).direction === "rtl";
    const row = columns?.() ?? 1;
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1, ArrowDown: row, ArrowUp: -row }[key];
    const next = key === "Home" ? 0 : key === "End" ? all.length - 1 : step === undefined ? -1 : at + step;
    if (at < 0 || next < 0 || next >= all.length) return;
    event.preventDefault();
    all[next].focus();
  });
  /** Call it after the elements have changed. */
  return () => settle(items().find((item) => item.tabIndex === 0) ?? items()[0]);
}
