//! Places in texts.

use std::ops::Range;

/// The start and end of a range of bytes in UTF-16 code units, as JavaScript counts.
pub(crate) fn utf16(text: &str, range: &Range<usize>) -> [usize; 2] {
    [range.start, range.end].map(|at| text[..at].encode_utf16().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_utf_16_code_units() {
        let text = "ä😀b";
        assert_eq!(utf16(text, &(2..6)), [1, 3]);
        assert_eq!(utf16(text, &(6..7)), [3, 4]);
    }
}
