//! Where a position of the source is in the translation.

use std::ops::Range;

use super::words::words;
use crate::translate::Link;

/// The word that a position belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The word before it, as for a closing tag.
    Before,
    /// The word after it, as for an opening tag.
    After,
}

/// A sentence or a separator, in the source and in the translation.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) source: Range<usize>,
    pub(super) target: Range<usize>,
    pub(super) content: Translated,
}

/// How a piece was translated.
#[derive(Debug)]
pub(super) enum Translated {
    /// It is unchanged.
    Same,
    /// Without alignment.
    Words {
        /// The words of the source, from its start.
        source: Vec<Range<usize>>,
        /// The words of the translation, from its start.
        target: Vec<Range<usize>>,
    },
    /// With alignment, for positions beside it.
    Linked(Vec<Link>),
}

/// The pieces of a segment, in order; they cover it.
#[derive(Debug)]
pub(super) struct Map<'a> {
    source: &'a str,
    target: &'a str,
    pieces: &'a [Piece],
}

impl<'a> Map<'a> {
    pub(super) fn new(source: &'a str, target: &'a str, pieces: &'a [Piece]) -> Self {
        Self { source, target, pieces }
    }

    /// The piece at a position: of two neighbors, the one on `side`.
    pub(super) fn piece(&self, at: usize, side: Side) -> Option<&Piece> {
        let index = match side {
            Side::After => self.pieces.partition_point(|piece| piece.source.end <= at),
            Side::Before => self.pieces.partition_point(|piece| piece.source.end < at),
        };
        self.pieces.get(index).or(self.pieces.last())
    }

    /// The position in the translation, by the number of words before it.
    pub(super) fn position(&self, at: usize, side: Side) -> usize {
        let Some(piece) = self.piece(at, side) else { return 0 };
        let source = &self.source[piece.source.clone()];
        let target = &self.target[piece.target.clone()];
        let offset = at.clamp(piece.source.start, piece.source.end) - piece.source.start;
        let inner = match &piece.content {
            Translated::Same => offset,
            Translated::Words { source: from, target: to } => {
                by_words((source, from), (target, to), offset, side)
            }
            Translated::Linked(_) => {
                by_words((source, &words(source)), (target, &words(target)), offset, side)
            }
        };
        piece.target.start + inner
    }

    /// The part of the translation that is linked to a part of the source, from its first to its last byte.
    pub(super) fn linked(&self, range: Range<usize>) -> Option<Range<usize>> {
        let first = self.pieces.partition_point(|piece| piece.source.end <= range.start);
        let mut hull: Option<Range<usize>> = None;
        for piece in self.pieces[first..].iter().take_while(|p| p.source.start < range.end) {
            let from = range.start.max(piece.source.start) - piece.source.start;
            let to = range.end.min(piece.source.end) - piece.source.start;
            let found = match &piece.content {
                Translated::Same => Some(from..to),
                Translated::Words { .. } => {
                    let start = self.position(piece.source.start + from, Side::After);
                    let end = self.position(piece.source.start + to, Side::Before);
                    let start = start - piece.target.start;
                    Some(start..end.max(start + piece.target.start) - piece.target.start)
                }
                Translated::Linked(links) => hull_of(links, &(from..to)),
            };
            let Some(found) = found else { continue };
            let found = piece.target.start + found.start..piece.target.start + found.end;
            hull = Some(match hull {
                Some(hull) => hull.start.min(found.start)..hull.end.max(found.end),
                None => found,
            });
        }
        hull
    }

    /// The word that a position belongs to.
    pub(super) fn word_at(&self, at: usize, side: Side) -> Option<Range<usize>> {
        let piece = self.piece(at, side)?;
        let found = words(&self.source[piece.source.clone()]);
        let shifted =
            found.into_iter().map(|w| piece.source.start + w.start..piece.source.start + w.end);
        match side {
            Side::After => shifted.into_iter().find(|word| word.end > at),
            Side::Before => shifted.into_iter().take_while(|word| word.start < at).last(),
        }
    }
}

/// The hull of all targets that are linked to a part of `range`.
pub(super) fn hull_of(links: &[Link], range: &Range<usize>) -> Option<Range<usize>> {
    let linked = links
        .iter()
        .filter(|link| link.source.start < range.end && range.start < link.source.end)
        .map(|link| link.target.clone());
    linked.reduce(|hull, next| hull.start.min(next.start)..hull.end.max(next.end))
}

/// The offset in the target that has as many words before it, in proportion, as `offset` in the source. Marks between the
/// position and its word, such as a parenthesis, stay between them if the translation has the same.
pub(super) fn by_words(
    (source, from): (&str, &[Range<usize>]),
    (target, to): (&str, &[Range<usize>]),
    offset: usize,
    side: Side,
) -> usize {
    match side {
        Side::After => {
            let index = from.partition_point(|word| word.end <= offset);
            let scaled = scale(index, from.len(), to.len());
            let Some(word) = to.get(scaled) else { return target.trim_end().len() };
            let Some(origin) = from.get(index).filter(|origin| offset <= origin.start) else {
                return word.start;
            };
            let between = &source[offset..origin.start];
            if target[..word.start].ends_with(between) {
                word.start - between.len()
            } else {
                word.start
            }
        }
        Side::Before => {
            let index = from.partition_point(|word| word.start < offset);
            let Some(last) = scale(index, from.len(), to.len()).checked_sub(1) else {
                return target.len() - target.trim_start().len();
            };
            let end = to[last].end;
            let Some(origin) = from[..index].last().filter(|origin| origin.end <= offset) else {
                return end;
            };
            let between = &source[origin.end..offset];
            if target[end..].starts_with(between) { end + between.len() } else { end }
        }
    }
}

/// `index` of `from` words, as a number of `to` words, rounded.
fn scale(index: usize, from: usize, to: usize) -> usize {
    if from == 0 { 0 } else { ((2 * index * to + from) / (2 * from)).min(to) }
}
