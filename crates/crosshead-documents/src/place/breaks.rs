//! The line breaks of a segment in its translation.

use std::ops::Range;

use super::map::{Map, Side, Translated};
use super::{Cut, inside, sorted};
use crate::segment::{Segment, Wrap};

/// Replaces a space of the translation by each line break of the source. Where there is no space, a break that counts is
/// inserted, and another is left out.
pub(super) fn place(
    segment: &Segment,
    map: &Map<'_>,
    spans: &[Range<usize>],
    text: &str,
) -> Vec<Cut> {
    let spans = sorted(spans);
    let mut cuts = Vec::new();
    let mut last = 0;
    for line_break in &segment.breaks {
        let Some(piece) = map.piece(line_break.at, Side::After) else { continue };
        let offset = line_break.at - piece.source.start;
        let room = piece.target.start.max(last)..piece.target.end;
        let range = match &piece.content {
            Translated::Same => {
                let at = piece.target.start + offset;
                Some(at..at + 1)
            }
            Translated::Words { .. } | Translated::Linked(_) => {
                let scaled = offset * piece.target.len() / piece.source.len().max(1);
                nearest(text, room, piece.target.start + scaled, &spans, segment.wrap)
            }
        };
        if let Some(range) = range {
            last = range.end;
            cuts.push(Cut { range, raw: line_break.raw.clone() });
        }
    }
    cuts
}

/// The space in `room` that is nearest to `at`.
fn nearest(
    text: &str,
    room: Range<usize>,
    at: usize,
    spans: &[Range<usize>],
    wrap: Wrap,
) -> Option<Range<usize>> {
    if room.start > room.end {
        return match wrap {
            Wrap::Loose => None,
            Wrap::Kept => Some(room.start..room.start),
        };
    }
    let is_free = |start: &usize| {
        let index = spans.partition_point(|span| span.end <= *start);
        spans.get(index).is_none_or(|span| *start < span.start)
    };
    let spaces = text[room.clone()].match_indices(' ').map(|(start, _)| room.start + start);
    let found = spaces.filter(is_free).min_by_key(|start| start.abs_diff(at));
    match (found, wrap) {
        (Some(start), Wrap::Loose | Wrap::Kept) => Some(start..start + 1),
        (None, Wrap::Loose) => None,
        (None, Wrap::Kept) => {
            let mut at = at.clamp(room.start, room.end);
            at = inside(spans, at).map_or(at, |span| span.end);
            while !text.is_char_boundary(at) {
                at += 1;
            }
            Some(at..at)
        }
    }
}
