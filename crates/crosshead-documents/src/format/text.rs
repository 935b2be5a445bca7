//! Plain text: each line is a paragraph.

use crate::escape::Escape;
use crate::segment::{Builder, Order, Wrap};
use crate::slot::Slot;

pub(super) fn slots(source: &str) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut start = 0;
    for line in source.split_inclusive(['\n', '\r']) {
        let text = line.trim_end_matches(['\n', '\r']);
        slots.extend(slot(start, text, Escape::Plain));
        start += line.len();
    }
    slots
}

/// A slot for text at `start` in which only tags and placeholders are markup.
pub(super) fn slot(start: usize, text: &str, escape: Escape) -> Option<Slot> {
    let mut builder = Builder::new(Order::Free, Wrap::Loose);
    builder.tagged(text);
    let segment = builder.finish()?;
    let range = start..start + text.len();
    Some(Slot { range: range.clone(), unchanged: range, segment, escape })
}
