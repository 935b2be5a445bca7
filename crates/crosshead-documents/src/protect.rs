//! What must not be translated in a text: addresses and placeholders; and tags.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// The most punctuation that is taken from the end of a URL.
const MAX_PUNCTUATION: usize = 8;

/// URLs, e-mail addresses and placeholders, in the order in which they are tried.
static SPANS: LazyLock<Regex> = LazyLock::new(|| {
    let url = r#"(?:https?|ftp|file)://[^\s<>"]+|\bwww\.[^\s<>"]+|\bmailto:[^\s<>"]+"#;
    let email = r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}";
    let braces =
        r"\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}|[$%#]\{[^{}\n]*\}|\{[A-Za-z0-9_.:!\[\]<>=,+#-]*\}";
    let printf = r"%\([A-Za-z0-9_]+\)[#0+-]*[0-9.]*[diouxXeEfFgGcrsa]|%%|%(?:[0-9]+\$)?[#0+'-]*(?:[0-9]+|\*)?(?:\.(?:[0-9]+|\*))?(?:hh|h|ll|l|j|z|t|L)?[diouxXeEfFgGcsp@]";
    Regex::new(&format!("(?P<url>{url})|{email}|{braces}|(?P<printf>{printf})"))
        .expect("the pattern is valid")
});

static TAGS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"<(?P<close>/)?(?P<name>[A-Za-z][A-Za-z0-9:._-]*)(?:\s[^<>]*?)?(?P<alone>/)?>")
        .expect("the pattern is valid")
});

/// A tag in a text.
pub(crate) struct Tag<'a> {
    pub(crate) range: Range<usize>,
    pub(crate) name: &'a str,
    pub(crate) kind: TagKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagKind {
    Open,
    Close,
    Alone,
}

/// The protected spans of a text, in order and without overlap.
pub(crate) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for found in SPANS.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        let mut range = whole.range();
        if found.name("url").is_some() {
            range.end -= trailing_punctuation(whole.as_str());
        }
        let continues = |c: char| c.is_alphanumeric();
        if found.name("printf").is_some() && text[range.end..].starts_with(continues) {
            continue;
        }
        spans.push(range);
    }
    spans
}

/// The bytes at the end of a URL that belong to the sentence around it.
fn trailing_punctuation(url: &str) -> usize {
    let mut rest = url;
    for _ in 0..MAX_PUNCTUATION {
        let Some(last) = rest.chars().next_back() else { break };
        let unbalanced = |open: char| rest.matches(open).count() < rest.matches(last).count();
        let outside = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '…' | '。' | '，' | '”'
            | '’' | '»' => true,
            ')' => unbalanced('('),
            ']' => unbalanced('['),
            '}' => unbalanced('{'),
            _ => false,
        };
        if !outside {
            break;
        }
        rest = &rest[..rest.len() - last.len_utf8()];
    }
    url.len() - rest.len()
}

/// The tags of a text, in order.
pub(crate) fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    TAGS.captures_iter(text).filter_map(|found| {
        let kind = if found.name("close").is_some() {
            TagKind::Close
        } else if found.name("alone").is_some() {
            TagKind::Alone
        } else {
            TagKind::Open
        };
        let range = found.get(0)?.range();
        Some(Tag { range, name: found.name("name")?.as_str(), kind })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        spans(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn placeholders_of_the_usual_kinds_are_found() {
        let text = "{name} {0} {} %s %1$d ${x} {{ y }} %(total)d %-5.2f %@ %{z} {n:>4} #{r} %%";
        assert_eq!(found(text).join(" "), text);
    }

    #[test]
    fn per_cent_and_braces_of_prose_are_not_placeholders() {
        for text in ["100 % of them", "5% discount", "50%discount", "{see above}", "a % b", "{ a }"]
        {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn addresses_end_before_the_punctuation_of_the_sentence() {
        let text =
            "See https://example.com/a_(b)?c=1, (www.example.org). Write to jo.doe@example.co.uk.";
        let expected = ["https://example.com/a_(b)?c=1", "www.example.org", "jo.doe@example.co.uk"];
        assert_eq!(found(text), expected);
    }

    #[test]
    fn tags_are_found_and_comparisons_are_not() {
        let kinds: Vec<_> =
            tags("<a href='x'>b</a> <br/> 1 < 2 > 1 <3").map(|tag| (tag.name, tag.kind)).collect();
        assert_eq!(kinds, [("a", TagKind::Open), ("a", TagKind::Close), ("br", TagKind::Alone)]);
    }
}
