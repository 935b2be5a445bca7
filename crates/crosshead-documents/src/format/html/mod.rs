//! HTML: the text between tags. All other bytes stay.

mod tokens;

use std::ops::Range;

use crate::error::DocumentError;
use crate::escape::{Entities, Escape, unescape};
use crate::segment::{Builder, Order, Wrap};
use crate::slot::Slot;
use tokens::{Kind, Token, Translate};

/// Elements within a sentence. All others separate segments.
const INLINE: [&str; 36] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "svg",
];

/// Elements whose content is not for translation.
const OPAQUE: [&str; 13] = [
    "code", "kbd", "math", "noscript", "pre", "samp", "script", "style", "svg", "template",
    "textarea", "tt", "var",
];

/// Elements without content and end tag.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// The segments of a page.
///
/// # Errors
/// If the page cannot be parsed.
pub(super) fn slots(source: &str) -> Result<Vec<Slot>, DocumentError> {
    let tokens = tokens::tokens(source)?;
    let mut walker = Walker {
        source,
        builder: Builder::new(Order::Free, Wrap::Loose),
        range: None,
        slots: Vec::new(),
    };
    let mut index = 0;
    while index < tokens.len() {
        let token = &tokens[index];
        index += 1;
        match &token.kind {
            Kind::Text => {
                walker.extend(&token.range);
                walker.builder.wrapped(&unescape(&source[token.range.clone()], Entities::Html));
            }
            Kind::Comment => walker.alone(&token.range),
            Kind::Start { name, translate } => {
                let is_inline = INLINE.contains(&name.as_str());
                let is_opaque = OPAQUE.contains(&name.as_str()) || *translate == Translate::No;
                let is_void = is_void(source, name, token);
                if is_opaque && !is_void {
                    let end = end_of(&tokens, index, name);
                    walker.opaque(&tokens[index - 1..end], is_inline);
                    index = end;
                } else if !is_inline {
                    walker.flush();
                } else if is_void {
                    walker.alone(&token.range);
                } else {
                    walker.extend(&token.range);
                    walker.builder.open(name, &source[token.range.clone()]);
                }
            }
            Kind::End(name) if INLINE.contains(&name.as_str()) => {
                walker.extend(&token.range);
                walker.builder.close(name, &source[token.range.clone()]);
            }
            Kind::End(_) | Kind::Other => walker.flush(),
        }
    }
    walker.flush();
    Ok(walker.slots)
}

fn is_void(source: &str, name: &str, token: &Token) -> bool {
    // `<svg/>` is complete, `<b/>` is not.
    let is_foreign = matches!(name, "svg" | "math");
    VOID.contains(&name) || (is_foreign && source[token.range.clone()].ends_with("/>"))
}

/// The index after the end tag of an element, whose content starts at `from`.
fn end_of(tokens: &[Token], from: usize, element: &str) -> usize {
    let mut depth = 1;
    for (index, token) in tokens.iter().enumerate().skip(from) {
        match &token.kind {
            Kind::Start { name, .. } if name == element => depth += 1,
            Kind::End(name) if name == element => depth -= 1,
            Kind::Start { .. } | Kind::End(_) | Kind::Text | Kind::Comment | Kind::Other => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

struct Walker<'a> {
    source: &'a str,
    builder: Builder,
    /// The bytes of the current segment.
    range: Option<Range<usize>>,
    slots: Vec<Slot>,
}

impl Walker<'_> {
    fn extend(&mut self, range: &Range<usize>) {
        let start = self.range.as_ref().map_or(range.start, |current| current.start);
        self.range = Some(start..range.end);
    }

    fn alone(&mut self, range: &Range<usize>) {
        self.extend(range);
        self.builder.alone(&self.source[range.clone()]);
    }

    /// An element that stays as it is.
    fn opaque(&mut self, tokens: &[Token], is_inline: bool) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
        let closes = matches!(last.kind, Kind::End(_));
        if !is_inline || !closes {
            self.flush();
            return;
        }
        let range = first.range.start..last.range.end;
        self.extend(&range);
        let texts = tokens.iter().filter(|token| token.kind == Kind::Text);
        let shown: String = texts.map(|token| &self.source[token.range.clone()]).collect();
        let shown = unescape(&shown, Entities::Html);
        let shown: Vec<_> = shown.split_whitespace().collect();
        self.builder.protect(&shown.join(" "), &self.source[range]);
    }

    fn flush(&mut self) {
        let builder = std::mem::replace(&mut self.builder, Builder::new(Order::Free, Wrap::Loose));
        if let (Some(range), Some(segment)) = (self.range.take(), builder.finish()) {
            let escape = Escape::Html;
            self.slots.push(Slot { range: range.clone(), unchanged: range, segment, escape });
        }
    }
}
