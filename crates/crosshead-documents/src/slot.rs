//! A text, and the places of its segments.

use std::ops::Range;

use crate::escape::Escape;
use crate::place::Placed;
use crate::segment::Segment;

/// A text with segments in it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) slots: Vec<Slot>,
}

/// A segment and its place.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The bytes that the translation replaces.
    pub(crate) range: Range<usize>,
    /// The bytes of the source that are written if the translation is the segment's text.
    pub(crate) unchanged: Range<usize>,
    pub(crate) segment: Segment,
    pub(crate) escape: Escape,
}

impl Part {
    /// The text with translated segments.
    pub(crate) fn write<'a>(&self, placed: impl Iterator<Item = &'a Placed>) -> String {
        let mut text = String::with_capacity(self.source.len());
        let mut last = 0;
        for (slot, placed) in self.slots.iter().zip(placed) {
            text.push_str(&self.source[last..slot.range.start]);
            match placed {
                Placed::Unchanged => text.push_str(&self.source[slot.unchanged.clone()]),
                Placed::Changed(tokens) => text.push_str(&slot.escape.encode(tokens)),
            }
            last = slot.range.end;
        }
        text.push_str(&self.source[last..]);
        text
    }
}
