//! sacreBLEU's `zh`.

use super::western::split_western;
use crate::text::{trim_end, trim_start};

/// The characters that sacreBLEU takes for Chinese: ideographs, their punctuation, full-width forms and many symbols.
///
/// The supplementary ideographs of planes 2 and 3 are not included. sacreBLEU writes them as `\u20000` and `\u2f800`, which
/// Python reads as the characters U+2000 and U+2F80 with a digit, so its ranges begin and end there.
const RANGES: [(char, char); 22] = [
    ('\u{3400}', '\u{4db5}'),
    ('\u{4e00}', '\u{9fa5}'),
    ('\u{9fa6}', '\u{9fbb}'),
    ('\u{f900}', '\u{fa2d}'),
    ('\u{fa30}', '\u{fa6a}'),
    ('\u{fa70}', '\u{fad9}'),
    ('\u{2001}', '\u{2a6d}'),
    ('\u{2f81}', '\u{2fa1}'),
    ('\u{ff00}', '\u{ffef}'),
    ('\u{2e80}', '\u{2eff}'),
    ('\u{3000}', '\u{303f}'),
    ('\u{31c0}', '\u{31ef}'),
    ('\u{2f00}', '\u{2fdf}'),
    ('\u{2ff0}', '\u{2fff}'),
    ('\u{3100}', '\u{312f}'),
    ('\u{31a0}', '\u{31bf}'),
    ('\u{fe10}', '\u{fe1f}'),
    ('\u{fe30}', '\u{fe4f}'),
    ('\u{2600}', '\u{26ff}'),
    ('\u{2700}', '\u{27bf}'),
    ('\u{3200}', '\u{32ff}'),
    ('\u{3300}', '\u{33ff}'),
];

fn is_chinese(c: char) -> bool {
    RANGES.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// The segment with its tokens separated by single spaces.
pub(super) fn tokenize(segment: &str) -> String {
    let mut spaced = String::with_capacity(2 * segment.len());
    for c in trim_start(trim_end(segment)).chars() {
        if is_chinese(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    split_western(&spaced, |text| text)
}
