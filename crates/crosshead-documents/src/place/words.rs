//! Words, for positions that are counted in words.

use std::ops::Range;

/// The words of a text: runs of letters and digits. In a script without spaces, each character is a word.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut is_open = false;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let alone = has_no_spaces(character);
        if !character.is_alphanumeric() && !alone {
            is_open = is_open && is_joiner(character);
            continue;
        }
        match words.last_mut() {
            Some(word) if is_open && !alone => word.end = end,
            _ => words.push(at..end),
        }
        is_open = !alone;
    }
    words
}

/// Marks within a word: apostrophes, hyphens, combining marks.
fn is_joiner(character: char) -> bool {
    matches!(character, '\'' | '’' | '-' | '_' | '\u{ad}' | '\u{200c}' | '\u{200d}')
        || matches!(character, '\u{300}'..='\u{36f}')
}

/// Whether a character is from a script that writes no spaces between words.
pub(crate) fn has_no_spaces(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{eff}'      // Thai, Lao
        | '\u{1000}'..='\u{109f}'  // Burmese
        | '\u{1780}'..='\u{17ff}'  // Khmer
        | '\u{3040}'..='\u{30ff}'  // Kana
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'  // Han
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_single_han_characters() {
        let text = "It's a well-known \"fact\", 3.5 中文 x";
        let found: Vec<_> = words(text).into_iter().map(|word| &text[word]).collect();
        assert_eq!(found, ["It's", "a", "well-known", "fact", "3", "5", "中", "文", "x"]);
    }
}
