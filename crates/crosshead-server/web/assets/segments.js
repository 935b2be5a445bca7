/** Finds sentences and words in texts. */

/** @typedef {{ text: string, start: number, end: number }} Span */

/**
 * The sentences of each line, without the spaces around them.
 * @param {string} text
 * @param {string} language
 * @returns {Span[]}
 */
export function sentences(text, language) {
  /** @type {Span[]} */
  const found = [];
  for (const { 0: line, index } of text.matchAll(/[^\n]+/g)) {
    for (const { start, end } of split(line, language)) {
      const part = line.slice(start, end);
      const trimmed = part.trim();
      if (trimmed === "") continue;
      const at = index + start + part.indexOf(trimmed);
      found.push({ text: trimmed, start: at, end: at + trimmed.length });
    }
  }
  return found;
}

/** @param {string} line @param {string} language @returns {{ start: number, end: number }[]} */
function split(line, language) {
  if (!("Segmenter" in Intl)) return [{ start: 0, end: line.length }];
  // `ss-standard` keeps sentences with abbreviations such as "Dr." whole.
  const locale = `${language || "en"}-u-ss-standard`;
  const parts = [...new Intl.Segmenter(locale, { granularity: "sentence" }).segment(line)];
  return parts.map(({ index, segment }) => ({ start: index, end: index + segment.length }));
}

/**
 * The words of a text, with its punctuation marks.
 * @param {string} text
 * @returns {Span[]}
 */
export function words(text) {
  return [...text.matchAll(/[\p{L}\p{M}\p{N}'’_-]+|[^\s\p{L}\p{M}\p{N}]/gu)].map(({ 0: word, index }) => ({
    text: word,
    start: index,
    end: index + word.length,
  }));
}

/**
 * Where the words that the server names are in a text; a word that is not in it has an empty span.
 * @param {string} text
 * @param {string[]} names in their order
 * @returns {Span[]}
 */
export function locate(text, names) {
  let from = 0;
  return names.map((name) => {
    const start = text.indexOf(name, from);
    if (start < 0 || name === "") return { text: "", start: from, end: from };
    from = start + name.length;
    return { text: name, start, end: from };
  });
}
