//! Collates examples into padded batches.

mod classes;
mod seq2seq;
mod tokens;

use std::iter;

pub use classes::{ClassBatch, ClassExample, collate_classes};
pub use seq2seq::{Seq2SeqBatch, collate};
pub use tokens::{TagExample, TokenTargets, collate_masked, collate_tags, collate_windows};

/// A row padded on the right to `len`.
fn padded(ids: &[u32], len: usize, pad: u32) -> impl Iterator<Item = u32> {
    ids.iter().copied().chain(iter::repeat_n(pad, len - ids.len()))
}
