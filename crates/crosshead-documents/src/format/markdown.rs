//! Markdown: the text of paragraphs, headings, list items and table cells. Code, HTML blocks and metadata stay.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::escape::{Escape, Place};
use crate::protect::{TagKind, tags};
use crate::segment::{Builder, Order, Wrap};
use crate::slot::Slot;

pub(super) fn slots(source: &str) -> Vec<Slot> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut walker = Walker::new(source);
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        walker.event(&event, range);
    }
    walker.flush();
    walker.slots
}

struct Walker<'a> {
    source: &'a str,
    builder: Builder,
    place: Place,
    /// The bytes of the current segment.
    range: Option<Range<usize>>,
    /// The start of a line break whose end is not known yet.
    line_break: Option<usize>,
    /// The open images and autolinks, or blocks, whose content stays.
    opaque: usize,
    /// What an open image or autolink shows.
    shown: String,
    slots: Vec<Slot>,
}

impl<'a> Walker<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            builder: Builder::new(Order::Free, Wrap::Loose),
            place: Place::Block,
            range: None,
            line_break: None,
            opaque: 0,
            shown: String::new(),
            slots: Vec::new(),
        }
    }

    fn event(&mut self, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(*tag, range),
            Event::Text(text) | Event::Code(text) if self.opaque > 0 => self.shown.push_str(text),
            Event::SoftBreak if self.opaque > 0 => self.shown.push(' '),
            Event::HardBreak | Event::Rule | Event::TaskListMarker(_) | Event::Html(_) => {
                if self.opaque == 0 {
                    self.flush();
                }
            }
            _ if self.opaque > 0 => {}
            Event::Text(text) => {
                self.extend(&range);
                self.builder.text(text);
            }
            Event::Code(code) => {
                self.extend(&range);
                self.builder.protect(code, &self.source[range]);
            }
            Event::InlineHtml(_) => {
                self.extend(&range);
                let raw = &self.source[range];
                match tags(raw).next() {
                    Some(tag) if tag.kind == TagKind::Open => self.builder.open(tag.name, raw),
                    Some(tag) if tag.kind == TagKind::Close => self.builder.close(tag.name, raw),
                    Some(_) | None => self.builder.alone(raw),
                }
            }
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {
                self.extend(&range);
                self.builder.alone(&self.source[range]);
            }
            Event::SoftBreak => self.line_break = Some(range.start),
        }
    }

    fn start(&mut self, tag: &Tag<'_>, range: Range<usize>) {
        match tag {
            _ if self.opaque > 0 => self.opaque += usize::from(is_opaque(tag)),
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough => {
                let width = delimiter(&self.source[range.clone()], tag);
                self.open(range.start..range.start + width, name(&tag.to_end()));
            }
            Tag::Link { link_type, .. } => match link_type {
                LinkType::Autolink | LinkType::Email => self.begin_opaque(&range),
                _ => self.open(range.start..range.start + 1, name(&tag.to_end())),
            },
            Tag::Image { .. } => self.begin_opaque(&range),
            _ => {
                self.flush();
                self.place = match tag {
                    Tag::TableCell | Tag::TableHead | Tag::TableRow => Place::Cell,
                    _ => Place::Block,
                };
                self.opaque = usize::from(is_opaque(tag));
            }
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Image | TagEnd::Link if self.opaque > 0 => {
                self.opaque -= 1;
                if self.opaque == 0 {
                    let shown = std::mem::take(&mut self.shown);
                    let raw = &self.source[range.clone()];
                    if tag == TagEnd::Image {
                        self.builder.alone(raw);
                    } else {
                        self.builder.protect(&shown, raw);
                    }
                    self.set_end(range.end);
                }
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) => {
                self.opaque = 0;
                self.shown.clear();
            }
            _ if self.opaque > 0 => {}
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                let width = delimiter_width(&self.source[range.clone()], tag);
                self.close(range.end - width..range.end, name(&tag));
            }
            TagEnd::Link => {
                let start = self.range.as_ref().map_or(range.start, |current| current.end);
                self.close(start.clamp(range.start, range.end)..range.end, name(&tag));
            }
            _ => self.flush(),
        }
    }

    fn begin_opaque(&mut self, range: &Range<usize>) {
        self.extend(&(range.start..range.start));
        self.opaque = 1;
        self.shown.clear();
    }

    fn open(&mut self, range: Range<usize>, name: &str) {
        self.extend(&range);
        self.builder.open(name, &self.source[range]);
    }

    fn close(&mut self, range: Range<usize>, name: &str) {
        self.extend(&range);
        self.builder.close(name, &self.source[range]);
    }

    /// Adds bytes to the segment, after a line break that is waiting for its end.
    fn extend(&mut self, range: &Range<usize>) {
        if let Some(start) = self.line_break.take() {
            let between = &self.source[start..range.start.max(start)];
            let rest = between.trim_start_matches([' ', '\t', '\r', '\n', '>']);
            self.builder.line_break(&between[..between.len() - rest.len()]);
        }
        let start = self.range.as_ref().map_or(range.start, |current| current.start);
        self.range = Some(start..range.end.max(start));
    }

    fn set_end(&mut self, end: usize) {
        if let Some(range) = &mut self.range {
            range.end = end;
        }
    }

    fn flush(&mut self) {
        self.line_break = None;
        let builder = std::mem::replace(&mut self.builder, Builder::new(Order::Free, Wrap::Loose));
        if let (Some(range), Some(segment)) = (self.range.take(), builder.finish()) {
            let escape = Escape::Markdown(self.place);
            self.slots.push(Slot { range: range.clone(), unchanged: range, segment, escape });
        }
    }
}

/// Whether the content of an element stays.
fn is_opaque(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::CodeBlock(_)
            | Tag::HtmlBlock
            | Tag::MetadataBlock(_)
            | Tag::Image { .. }
            | Tag::Link { .. }
    )
}

/// The name under which an opening and a closing mark find each other.
fn name(tag: &TagEnd) -> &'static str {
    match tag {
        TagEnd::Emphasis => "*",
        TagEnd::Strong => "**",
        TagEnd::Strikethrough => "~~",
        _ => "[]",
    }
}

fn delimiter(raw: &str, tag: &Tag<'_>) -> usize {
    delimiter_width(raw, tag.to_end())
}

/// The bytes of a delimiter of emphasis.
fn delimiter_width(raw: &str, tag: TagEnd) -> usize {
    match tag {
        TagEnd::Strong => 2,
        TagEnd::Strikethrough if raw.starts_with("~~") => 2,
        _ => 1,
    }
}
