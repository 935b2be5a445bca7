/** Round numbers for the axis of a chart. */

/**
 * Round numbers at equal distances that enclose a range.
 * @param {number} low
 * @param {number} high above `low`
 * @param {number} wanted about how many
 * @returns {number[]}
 */
export function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  // Multiples of a whole number, which do not add up rounding errors.
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
