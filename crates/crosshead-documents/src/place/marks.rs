//! The positions of marks in a translation.

use std::ops::Range;

use super::map::{Map, Side, Translated};
use super::{Cut, around_spans, inside, sorted};
use crate::segment::{Mark, Order, Role, Segment};

/// Places the marks of a segment in a text of `length` bytes. The result is in the order of the output.
pub(super) fn place(
    segment: &Segment,
    map: &Map<'_>,
    spans: &[Range<usize>],
    length: usize,
) -> Vec<Cut> {
    let placer = Placer { segment, map, spans: sorted(spans) };
    let is_aligned = segment.marks.iter().any(|mark| placer.is_linked(mark));
    match segment.order {
        Order::Free if is_aligned => {
            let mut nodes = placer.nodes(0..segment.marks.len());
            let mut cuts = Vec::with_capacity(segment.marks.len());
            placer.lay(&mut nodes, 0..length, &mut cuts);
            cuts
        }
        Order::Free | Order::Kept => placer.in_order(),
    }
}

struct Placer<'a> {
    segment: &'a Segment,
    map: &'a Map<'a>,
    /// The protected spans, in the order of the text.
    spans: Vec<Range<usize>>,
}

/// A mark or a pair of marks, with what is in it.
struct Node {
    open: usize,
    close: Option<usize>,
    /// Where it belongs in the translation.
    range: Range<usize>,
    children: Vec<Node>,
}

impl Placer<'_> {
    /// Whether the sentence of a mark has an alignment.
    fn is_linked(&self, mark: &Mark) -> bool {
        let piece = self.map.piece(mark.at, self.side(mark));
        piece.is_some_and(|piece| matches!(piece.content, Translated::Linked(_)))
    }

    /// The word that a mark belongs to.
    fn side(&self, mark: &Mark) -> Side {
        match mark.role {
            Role::Open(_) => Side::After,
            Role::Close => Side::Before,
            Role::Alone => {
                let text = &self.segment.text;
                let after_word = text[..mark.at].ends_with(|c: char| !c.is_whitespace());
                let before_word = text[mark.at..].starts_with(char::is_alphanumeric);
                if after_word && !before_word { Side::Before } else { Side::After }
            }
        }
    }

    /// Without alignment: each mark at its position, and never before the previous one.
    fn in_order(&self) -> Vec<Cut> {
        let mut cuts = Vec::with_capacity(self.segment.marks.len());
        let mut last = 0;
        for mark in &self.segment.marks {
            let side = self.side(mark);
            let mut at = self.map.position(mark.at, side);
            let unchanged = self.map.piece(mark.at, side);
            if !unchanged.is_some_and(|piece| matches!(piece.content, Translated::Same)) {
                at = match (inside(&self.spans, at), side) {
                    (Some(span), Side::After) if span.start >= last => span.start,
                    (Some(span), Side::After | Side::Before) => span.end,
                    (None, Side::After | Side::Before) => at,
                };
            }
            last = last.max(at);
            cuts.push(Cut { range: last..last, raw: mark.raw.clone() });
        }
        cuts
    }

    /// The nodes of a run of marks.
    fn nodes(&self, marks: Range<usize>) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut open = marks.start;
        while open < marks.end {
            let mark = &self.segment.marks[open];
            let node = match mark.role {
                Role::Open(close) => {
                    let children = self.nodes(open + 1..close);
                    let source = mark.at..self.segment.marks[close].at;
                    let mut range = around_spans(&self.spans, self.range_of_pair(source));
                    for child in &children {
                        range = range.start.min(child.range.start)..range.end.max(child.range.end);
                    }
                    Node { open, close: Some(close), range, children }
                }
                Role::Close | Role::Alone => {
                    let at = self.position_alone(mark);
                    let at = inside(&self.spans, at).map_or(at, |span| span.end);
                    Node { open, close: None, range: at..at, children: Vec::new() }
                }
            };
            open = node.close.unwrap_or(open) + 1;
            nodes.push(node);
        }
        nodes
    }

    fn range_of_pair(&self, source: Range<usize>) -> Range<usize> {
        self.map.linked(source.clone()).unwrap_or_else(|| {
            let start = self.map.position(source.start, Side::After);
            start..self.map.position(source.end, Side::Before).max(start)
        })
    }

    /// The position of a mark that stands alone: beside the translation of its word.
    fn position_alone(&self, mark: &Mark) -> usize {
        let side = self.side(mark);
        let linked = self.map.word_at(mark.at, side).and_then(|word| self.map.linked(word));
        match (linked, side) {
            (Some(linked), Side::After) => linked.start,
            (Some(linked), Side::Before) => linked.end,
            (None, Side::After | Side::Before) => self.map.position(mark.at, side),
        }
    }

    /// Writes nodes in the order of the translation, one after the other and within `room`.
    fn lay(&self, nodes: &mut [Node], room: Range<usize>, cuts: &mut Vec<Cut>) {
        nodes.sort_by_key(|node| (node.range.start, node.range.end));
        let mut from = room.start;
        for node in nodes {
            let start = node.range.start.clamp(from, room.end);
            let end = node.range.end.clamp(start, room.end);
            cuts.push(self.cut(node.open, start));
            self.lay(&mut node.children, start..end, cuts);
            cuts.extend(node.close.map(|close| self.cut(close, end)));
            from = end;
        }
    }

    fn cut(&self, mark: usize, at: usize) -> Cut {
        Cut { range: at..at, raw: self.segment.marks[mark].raw.clone() }
    }
}
