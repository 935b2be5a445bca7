/** Finds sentences and words in texts. */

/** @typedef {{ text: string, start: number, end: number }} Span */

/** The end of a part that is not the end of a sentence: a title, an initial, or a common abbreviation before a name or number. */
const ABBREVIATION = /(?:^|[\s(])(?:\p{Lu}|Dr|Mrs?|Ms|Prof|St|Sr|Jr|Mme|M|Hr|Fr|Nr|No|Fig|vs|bzw|ca|cf|approx|z\. ?B|d\. ?h|e\.g|i\.e)\.\s*$/u;

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
  /** @type {{ start: number, end: number }[]} */
  const parts = [];
  let isWhole = true;
  for (const { index, segment } of new Intl.Segmenter(language || "en", { granularity: "sentence" }).segment(line)) {
    const last = parts.at(-1);
    if (isWhole || !last) parts.push({ start: index, end: index + segment.length });
    else last.end = index + segment.length;
    isWhole = !ABBREVIATION.test(segment);
  }
  return parts;
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
