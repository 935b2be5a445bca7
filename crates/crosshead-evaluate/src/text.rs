//! White space as Python defines it, which sacreBLEU relies on.

/// Whether Python's `str.split()` splits at `c`: Unicode white space and the four ASCII separators.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// The words of `line`, like Python's `line.split()`.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(is_space).filter(|word| !word.is_empty())
}

/// `line` without trailing white space, like Python's `line.rstrip()`. The command `sacrebleu` trims each line of a file.
pub fn trim_end(line: &str) -> &str {
    line.trim_end_matches(is_space)
}

/// The characters of `line` that are not white space.
pub(crate) fn visible_chars(line: &str) -> impl Iterator<Item = char> {
    line.chars().filter(|&c| !is_space(c))
}

/// `line` without leading white space, like Python's `line.lstrip()`.
pub(crate) fn trim_start(line: &str) -> &str {
    line.trim_start_matches(is_space)
}
