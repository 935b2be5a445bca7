//! sacreBLEU's `intl`.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::words;

/// Patterns and their replacements, applied in order.
static RULES: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
    [(r"(\P{N})(\p{P})", "$1 $2 "), (r"(\p{P})(\P{N})", " $1 $2"), (r"(\p{S})", " $1 ")].map(
        |(pattern, replacement)| {
            (Regex::new(pattern).expect("the pattern is a valid constant"), replacement)
        },
    )
});

/// The segment with its tokens separated by single spaces.
pub(super) fn tokenize(segment: &str) -> String {
    let mut line = Cow::Borrowed(segment);
    for (pattern, replacement) in RULES.iter() {
        if let Cow::Owned(rewritten) = pattern.replace_all(&line, *replacement) {
            line = Cow::Owned(rewritten);
        }
    }
    words(&line).collect::<Vec<_>>().join(" ")
}
