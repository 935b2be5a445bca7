//! A segment: text to translate, with the markup that must survive.

use std::ops::Range;

use crate::protect;

/// Pairs of tags that are nested deeper than this keep their order instead of following their words.
const MAX_DEPTH: usize = 32;

/// A unit of text in a document, such as a paragraph, a heading or a table cell.
///
/// [`Segment::text`] is what a reader sees; markup is kept beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub(crate) text: String,
    pub(crate) marks: Vec<Mark>,
    pub(crate) spans: Vec<Span>,
    pub(crate) breaks: Vec<Break>,
    pub(crate) order: Order,
    pub(crate) wrap: Wrap,
}

/// Markup of no width, such as a tag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// Its byte offset in the text.
    pub(crate) at: usize,
    pub(crate) raw: String,
    pub(crate) role: Role,
}

/// What a mark does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Opens a pair; the index of the closing mark.
    Open(usize),
    /// Closes a pair.
    Close,
    /// Stands alone.
    Alone,
}

/// Visible text that must not change: a placeholder, an address, code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) range: Range<usize>,
    pub(crate) content: Content,
}

/// How a protected span is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// As the text that it shows.
    Text,
    /// As this markup.
    Raw(String),
}

/// A line break within a sentence. The text has a space in its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Break {
    pub(crate) at: usize,
    pub(crate) raw: String,
}

/// Whether marks may change their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Pairs follow the words that they enclose.
    Free,
    /// The order of the source is kept.
    Kept,
}

/// What line breaks within a segment mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// Nothing: they may disappear where a language has no spaces.
    Loose,
    /// Their number is kept.
    Kept,
}

impl Segment {
    /// The text that a reader sees, without markup; a line break within a sentence is a space.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The protected spans: placeholders, addresses and code, in order.
    pub fn protected(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().map(|span| &self.text[span.range.clone()])
    }

    /// The markup, such as tags, in order.
    pub fn markup(&self) -> impl Iterator<Item = &str> {
        self.marks.iter().map(|mark| mark.raw.as_str())
    }
}

/// Collects the content of a segment in the order of the source.
#[derive(Debug)]
pub(crate) struct Builder {
    segment: Segment,
    /// The open tags: name and index of the mark.
    open: Vec<(String, usize)>,
    depth: usize,
}

impl Builder {
    pub(crate) fn new(order: Order, wrap: Wrap) -> Self {
        let segment = Segment {
            text: String::new(),
            marks: Vec::new(),
            spans: Vec::new(),
            breaks: Vec::new(),
            order,
            wrap,
        };
        Self { segment, open: Vec::new(), depth: 0 }
    }

    /// Text as it is.
    pub(crate) fn text(&mut self, text: &str) {
        self.segment.text.push_str(text);
    }

    /// Text in which a run of white space with a line break means a space.
    pub(crate) fn wrapped(&mut self, text: &str) {
        let mut rest = text;
        while let Some(newline) = rest.find(['\n', '\r']) {
            let start = rest[..newline].trim_end_matches([' ', '\t']).len();
            let tail = &rest[start..];
            let end = start + tail.len() - tail.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.text(&rest[..start]);
            self.line_break(&rest[start..end]);
            rest = &rest[end..];
        }
        self.text(rest);
    }

    /// Text in which tags such as `<b>` are markup.
    pub(crate) fn tagged(&mut self, text: &str) {
        let mut last = 0;
        for tag in protect::tags(text) {
            self.text(&text[last..tag.range.start]);
            let raw = &text[tag.range.clone()];
            match tag.kind {
                protect::TagKind::Open => self.open(tag.name, raw),
                protect::TagKind::Close => self.close(tag.name, raw),
                protect::TagKind::Alone => self.alone(raw),
            }
            last = tag.range.end;
        }
        self.text(&text[last..]);
    }

    pub(crate) fn line_break(&mut self, raw: &str) {
        let at = self.segment.text.len();
        self.segment.breaks.push(Break { at, raw: raw.to_owned() });
        self.segment.text.push(' ');
    }

    pub(crate) fn open(&mut self, name: &str, raw: &str) {
        self.open.push((name.to_ascii_lowercase(), self.segment.marks.len()));
        self.mark(raw, Role::Alone);
    }

    /// Closes the last open tag of this name. Tags in between that are still open stand alone.
    pub(crate) fn close(&mut self, name: &str, raw: &str) {
        let nearest = self.open.len().saturating_sub(MAX_DEPTH)..self.open.len();
        let found = nearest.rev().find(|&index| self.open[index].0.eq_ignore_ascii_case(name));
        let Some(index) = found else {
            self.mark(raw, Role::Alone);
            return;
        };
        self.depth = self.depth.max(self.open.len());
        let opening = self.open[index].1;
        self.open.truncate(index);
        self.segment.marks[opening].role = Role::Open(self.segment.marks.len());
        self.mark(raw, Role::Close);
    }

    pub(crate) fn alone(&mut self, raw: &str) {
        self.mark(raw, Role::Alone);
    }

    fn mark(&mut self, raw: &str, role: Role) {
        let at = self.segment.text.len();
        self.segment.marks.push(Mark { at, raw: raw.to_owned(), role });
    }

    /// Text that is shown to the translation, and written as `raw`.
    pub(crate) fn protect(&mut self, shown: &str, raw: &str) {
        let shown = shown.trim();
        if shown.is_empty() {
            self.alone(raw);
            return;
        }
        let start = self.segment.text.len();
        self.segment.text.push_str(shown);
        let range = start..self.segment.text.len();
        self.segment.spans.push(Span { range, content: Content::Raw(raw.to_owned()) });
    }

    /// The segment, or nothing where there is no text to translate.
    pub(crate) fn finish(self) -> Option<Segment> {
        let mut segment = self.segment;
        if self.depth > MAX_DEPTH {
            segment.order = Order::Kept;
        }
        let is_free = |range: &Range<usize>| {
            let at = segment.spans.partition_point(|span| span.range.end <= range.start);
            segment.spans.get(at).is_none_or(|span| range.end <= span.range.start)
        };
        let found: Vec<_> = protect::spans(&segment.text).into_iter().filter(is_free).collect();
        segment.spans.extend(found.into_iter().map(|range| Span { range, content: Content::Text }));
        segment.spans.sort_by_key(|span| span.range.start);
        has_words(&segment.text, 0..segment.text.len(), &segment.spans).then_some(segment)
    }
}

/// Whether a part of a text has letters outside the protected spans.
pub(crate) fn has_words(text: &str, range: Range<usize>, spans: &[Span]) -> bool {
    let mut from = range.start;
    let first = spans.partition_point(|span| span.range.end <= range.start);
    for span in spans[first..].iter().take_while(|span| span.range.start < range.end) {
        if from < span.range.start && has_letter(&text[from..span.range.start]) {
            return true;
        }
        from = from.max(span.range.end);
    }
    from < range.end && has_letter(&text[from..range.end])
}

fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(text: &str) -> Segment {
        let mut builder = Builder::new(Order::Free, Wrap::Loose);
        builder.tagged(text);
        builder.finish().unwrap()
    }

    #[test]
    fn tags_are_marks_and_close_the_nearest_of_their_name() {
        let segment = tagged("a <b>c <i>d</b> e</u> <br/>{x}");
        assert_eq!(segment.text(), "a c d e {x}");
        let roles: Vec<_> = segment.marks.iter().map(|mark| mark.role).collect();
        assert_eq!(roles, [Role::Open(2), Role::Alone, Role::Close, Role::Alone, Role::Alone]);
        assert_eq!(segment.protected().collect::<Vec<_>>(), ["{x}"]);
    }

    #[test]
    fn a_line_break_is_a_space_with_its_bytes_kept() {
        let mut builder = Builder::new(Order::Free, Wrap::Loose);
        builder.wrapped("one \r\n  two\nthree");
        let segment = builder.finish().unwrap();
        assert_eq!(segment.text(), "one two three");
        assert_eq!(segment.breaks[0], Break { at: 3, raw: " \r\n  ".into() });
    }

    #[test]
    fn deep_nesting_keeps_the_order_of_its_tags() {
        let deep = format!("{}a{}", "<b>".repeat(1000), "</b>".repeat(1000));
        assert_eq!(tagged(&deep).order, Order::Kept);
        assert_eq!(tagged("<b>a</b>").order, Order::Free);
    }

    #[test]
    fn a_segment_without_words_is_none() {
        let mut builder = Builder::new(Order::Free, Wrap::Loose);
        builder.tagged("<b>12</b> {name} https://example.com %d\n");
        assert_eq!(builder.finish(), None);
    }
}
