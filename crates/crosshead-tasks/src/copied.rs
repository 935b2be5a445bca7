//! Which words of a text a summary copies.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The parts of a text that a summary copies, as bytes of the text in its order: its extractive fragments, the longest common
/// sequences of words, found greedily from the start of the summary (Grusky et al., *Newsroom*, 2018, section 4.1).
///
/// Words are those of Unicode (UAX #29).
pub fn copied(text: &str, summary: &str) -> Vec<Range<usize>> {
    let source: Vec<(usize, &str)> = text.unicode_word_indices().collect();
    let words: Vec<&str> = summary.unicode_words().collect();
    let mut copied: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let common = |start: usize| {
            let pairs = source[start..].iter().zip(&words[at..]);
            pairs.take_while(|((_, a), b)| a == *b).count()
        };
        let lengths = (0..source.len()).map(|start| (start, common(start)));
        let longest = lengths.reduce(|best, next| if next.1 > best.1 { next } else { best });
        match longest {
            Some((start, length)) if length > 0 => {
                let (last, word) = source[start + length - 1];
                copied.push(source[start].0..last + word.len());
                at += length;
            }
            _ => at += 1,
        }
    }
    copied.sort_by_key(|range| range.start);
    copied.dedup();
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_sequences_are_copied() {
        let text = "The cat sat. The dog sat on the mat.";
        let parts = |summary| -> Vec<&str> {
            copied(text, summary).into_iter().map(|range| &text[range]).collect()
        };
        assert_eq!(parts("The dog sat, a cat"), ["cat", "The dog sat"]);
        assert_eq!(parts("Nothing"), Vec::<&str>::new());
        assert_eq!(parts("on the mat"), ["on the mat"]);
        assert!(copied("", "a").is_empty() && copied("a", "").is_empty());
    }
}
