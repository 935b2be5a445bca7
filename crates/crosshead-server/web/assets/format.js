/** Numbers, probabilities and languages as texts. */

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const LANGUAGES = new Intl.DisplayNames("en", { type: "language" });
const COUNT = new Intl.NumberFormat("en");

/** @param {number} share from 0 to 1 */
export function percent(share) {
  return share > 0 && share < 0.001 ? "< 0.1%" : PERCENT.format(share);
}

/** @param {number} count */
export function count(count) {
  return COUNT.format(count);
}

/** A number with four significant digits. @param {number} value */
export function number(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** The name of a language. @param {string} code such as `de` or `deu_Latn` */
export function languageName(code) {
  try {
    return LANGUAGES.of(code.replaceAll("_", "-")) ?? code;
  } catch {
    return code;
  }
}

/** A value of the attribute `lang`, if the code is one. @param {string} code */
export function langOf(code) {
  try {
    return Intl.getCanonicalLocales(code.replaceAll("_", "-"))[0] ?? "";
  } catch {
    return "";
  }
}

/** A message of the server with a capital letter and a full stop. @param {string} message */
export function sentence(message) {
  const text = message.trim();
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** A duration in seconds. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
