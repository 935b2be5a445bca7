//! The rules of `mteval-v13a.pl` for languages written with the Latin alphabet, shared by `13a`, `zh` and Tercom.

use crate::text::words;

/// Replaces the XML entities that mteval knows. `&amp;` is replaced before `&lt;` and `&gt;`, so `&amp;lt;` becomes `<`.
pub(crate) fn unescape(segment: &str) -> String {
    if !segment.contains('&') {
        return segment.to_owned();
    }
    segment.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

/// Splits off ASCII punctuation and separates tokens by single spaces. `then` applies once punctuation other than the
/// apostrophe, comma, hyphen and period is split off.
pub(crate) fn split_western(segment: &str, then: impl FnOnce(String) -> String) -> String {
    let mut spaced = String::with_capacity(2 * segment.len());
    for c in segment.chars() {
        if is_split_off(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    let is_digit = |c: char| c.is_ascii_digit();
    let is_mark = |c: char| matches!(c, '.' | ',');
    let spaced = then(spaced);
    // a period or comma, unless a digit comes before it
    let spaced =
        rewrite_pairs(&spaced, |a, b| (!is_digit(a) && is_mark(b)).then_some([a, ' ', b, ' ']));
    // a period or comma, unless a digit comes after it
    let spaced =
        rewrite_pairs(&spaced, |a, b| (is_mark(a) && !is_digit(b)).then_some([' ', a, ' ', b]));
    // a hyphen after a digit
    let spaced =
        rewrite_pairs(&spaced, |a, b| (is_digit(a) && b == '-').then_some([a, ' ', b, ' ']));
    let mut tokens = String::with_capacity(spaced.len());
    for word in words(&spaced) {
        if !tokens.is_empty() {
            tokens.push(' ');
        }
        tokens.push_str(word);
    }
    tokens
}

/// ASCII punctuation and space, without the apostrophe, comma, hyphen and period.
fn is_split_off(c: char) -> bool {
    matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/')
}

/// Rewrites pairs of adjacent characters from left to right. A character belongs to at most one pair.
fn rewrite_pairs(text: &str, rewrite: impl Fn(char, char) -> Option<[char; 4]>) -> String {
    let mut rewritten = String::with_capacity(text.len() + text.len() / 4);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek().and_then(|&next| rewrite(c, next)) {
            Some(pair) => {
                rewritten.extend(pair);
                chars.next();
            }
            None => rewritten.push(c),
        }
    }
    rewritten
}
