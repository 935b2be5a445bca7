//! The tokens of an HTML page with their bytes, from `lol_html`'s parser.

use std::cell::RefCell;
use std::ops::Range;

use lol_html::html_content::Element;
use lol_html::{HtmlRewriter, MemorySettings, Settings, doc_comments, doc_text, doctype, element};

use crate::error::DocumentError;

/// The memory that the parser may use, for tags and the stack of open elements.
const MEMORY: usize = 64 << 20;

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A start tag.
    Start {
        /// In lower case.
        name: String,
        /// Whether its content is to be translated.
        translate: Translate,
    },
    /// An end tag, with its name in lower case.
    End(String),
    Text,
    Comment,
    /// A doctype, or bytes that the parser reports as nothing.
    Other,
}

/// What an element says about its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Translate {
    Yes,
    No,
}

/// All tokens, in order; they cover the page.
///
/// # Errors
/// If the parser needs too much memory, or the page says that it is not in UTF-8.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, DocumentError> {
    let found = RefCell::new(Vec::new());
    let charset = RefCell::new(None);
    let add = |range, kind| found.borrow_mut().push(Token { range, kind });
    let settings = Settings::new()
        .with_strict(false)
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(MEMORY))
        .append_element_content_handler(element!("*", |element| {
            let range = element.source_location().bytes();
            let name = element.tag_name();
            if let Some(other) = other_charset(&name, element) {
                charset.borrow_mut().get_or_insert((range.start, other));
            }
            add(range, Kind::Start { name, translate: translate(element) });
            Ok(())
        }))
        .append_document_content_handler(doc_text!(|text| {
            add(text.source_location().bytes(), Kind::Text);
            Ok(())
        }))
        .append_document_content_handler(doc_comments!(|comment| {
            add(comment.source_location().bytes(), Kind::Comment);
            Ok(())
        }))
        .append_document_content_handler(doctype!(|doctype| {
            add(doctype.source_location().bytes(), Kind::Other);
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    let parsed = rewriter.write(source.as_bytes()).and_then(|()| rewriter.end());
    parsed.map_err(|error| DocumentError::Html(error.to_string()))?;
    if let Some((at, charset)) = charset.into_inner() {
        let reason = format!("the page says that it is in {charset}: convert it to UTF-8");
        return Err(DocumentError::syntax(source, at, reason));
    }
    Ok(fill(source, found.into_inner()))
}

fn translate(element: &Element<'_, '_>) -> Translate {
    let says_no =
        element.get_attribute("translate").is_some_and(|value| value.eq_ignore_ascii_case("no"));
    let classes = element.get_attribute("class").unwrap_or_default();
    if says_no || classes.split_ascii_whitespace().any(|class| class == "notranslate") {
        Translate::No
    } else {
        Translate::Yes
    }
}

/// The character set of a `meta` element, if it is not UTF-8.
fn other_charset(name: &str, element: &Element<'_, '_>) -> Option<String> {
    if name != "meta" {
        return None;
    }
    let charset = element.get_attribute("charset").or_else(|| {
        let content = element.get_attribute("content")?.to_ascii_lowercase();
        let kind = element.get_attribute("http-equiv")?;
        let is_type = kind.eq_ignore_ascii_case("content-type");
        is_type.then(|| content.split_once("charset=").map(|(_, name)| name.to_owned())).flatten()
    })?;
    let name = charset.trim().trim_end_matches(';').to_ascii_lowercase();
    (!matches!(name.as_str(), "utf-8" | "utf8" | "us-ascii" | "")).then_some(name)
}

/// Adds the tokens that the parser does not report: end tags.
fn fill(source: &str, mut found: Vec<Token>) -> Vec<Token> {
    found.retain(|token| !token.range.is_empty());
    found.sort_by_key(|token| token.range.start);
    let mut tokens: Vec<Token> = Vec::with_capacity(found.len() * 2);
    let mut last = 0;
    for token in found {
        if token.range.start < last || !source.is_char_boundary(token.range.end) {
            continue;
        }
        end_tags(source, last..token.range.start, &mut tokens);
        last = token.range.end;
        match tokens.last_mut() {
            Some(text)
                if text.kind == Kind::Text
                    && token.kind == Kind::Text
                    && text.range.end == token.range.start =>
            {
                text.range.end = token.range.end;
            }
            _ => tokens.push(token),
        }
    }
    end_tags(source, last..source.len(), &mut tokens);
    tokens
}

/// Reads bytes that consist of end tags.
fn end_tags(source: &str, range: Range<usize>, tokens: &mut Vec<Token>) {
    let mut start = range.start;
    while start < range.end {
        let rest = &source[start..range.end];
        let length = rest.find('>').map_or(rest.len(), |end| end + 1);
        let name = rest.strip_prefix("</").map(|rest| {
            let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'));
            rest[..end.unwrap_or(rest.len())].to_ascii_lowercase()
        });
        let kind = name.map_or(Kind::Other, Kind::End);
        tokens.push(Token { range: start..start + length, kind });
        start += length;
    }
}
