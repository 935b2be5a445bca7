/** Marks the words that only one of two texts has: those outside a longest common subsequence. */

import { h } from "../dom.js";
import { words } from "../segments.js";

/** Beyond this number of words, only the common beginning and end are found. */
const LONGEST = 2000;

/**
 * @param {string} a
 * @param {string} b
 * @returns {[(Node | string)[], (Node | string)[]]} the parts of both texts
 */
export function differences(a, b) {
  const [left, right] = [words(a), words(b)];
  const [inLeft, inRight] = common(left.map(({ text }) => text), right.map(({ text }) => text));
  return [marked(a, left, inLeft), marked(b, right, inRight)];
}

/** @param {string} text @param {import("../segments.js").Span[]} spans @param {Set<number>} shared */
function marked(text, spans, shared) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let at = 0;
  spans.forEach(({ start, end }, index) => {
    if (shared.has(index)) return;
    parts.push(text.slice(at, start), h("mark", {}, text.slice(start, end)));
    at = end;
  });
  return [...parts, text.slice(at)];
}

/** The indices of a longest common subsequence. @param {string[]} a @param {string[]} b @returns {[Set<number>, Set<number>]} */
function common(a, b) {
  /** @type {[Set<number>, Set<number>]} */
  const found = [new Set(), new Set()];
  const share = (/** @type {number} */ i, /** @type {number} */ j) => (found[0].add(i), found[1].add(j));
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) share(start, start++);
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) {
    end += 1;
    share(a.length - end, b.length - end);
  }
  const [rows, columns] = [a.length - start - end, b.length - start - end];
  if (Math.max(rows, columns) > LONGEST) return found;
  /** Lengths of the longest common subsequences of the ends from (i, j) on. */
  const lengths = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const same = a[start + i] === b[start + j];
      lengths[i][j] = same ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (a[start + i] === b[start + j]) share(start + i++, start + j++);
    else if (lengths[i + 1][j] >= lengths[i][j + 1]) i += 1;
    else j += 1;
  }
  return found;
}
