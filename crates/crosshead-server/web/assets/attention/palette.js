/** The colors of attention drawings, which are also saved as files. */

import { color } from "../theme.js";

/** @typedef {{ ink: string, faint: string, accent: string, background: string | null }} Palette */

/** For files: dark on white. @type {Palette} */
export const PAPER = { ink: "#1d1c1a", faint: "#8a8780", accent: "#0b5f86", background: "#ffffff" };

/** Those of the page. @returns {Palette} */
export function palette() {
  return { ink: color("--ink"), faint: color("--faint"), accent: color("--accent"), background: null };
}

/** @typedef {{ queries: string[], keys: string[], weights: number[][], title: string }} Drawn */

/** The size of the font in pixels. */
export const FONT = 15;

/** An estimate of the width of a text. @param {string} text */
export function widthOf(text) {
  return [...text].reduce((sum, character) => sum + ((character.codePointAt(0) ?? 0) < 0x1100 ? 0.58 : 1), 0) * FONT;
}

/** The width of the longest of the texts. @param {string[]} texts */
export function longest(texts) {
  return Math.max(0, ...texts.map(widthOf));
}

/** The largest weight. @param {number[][]} weights */
export function largest(weights) {
  return weights.flat().reduce((most, weight) => Math.max(most, weight), Number.EPSILON);
}
