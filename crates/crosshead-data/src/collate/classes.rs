//! Batches of texts with a class each.

use super::padded;

/// A text as ids, and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassExample {
    /// The ids.
    pub ids: Vec<u32>,
    /// The class.
    pub class: u32,
}

/// Texts and their classes, padded to the longest text. Ids are row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassBatch {
    /// The number of examples.
    pub batch: usize,
    /// The length of the longest text.
    pub len: usize,
    /// What the encoder reads: `[batch, len]`.
    pub ids: Vec<u32>,
    /// The number of ids in each row before the padding: `[batch]`.
    pub lengths: Vec<usize>,
    /// The classes: `[batch]`.
    pub classes: Vec<u32>,
}

/// Puts the examples with these indices into one batch, in this order, filled on the right with `pad`.
///
/// # Panics
/// If an index is not that of an example.
pub fn collate_classes(examples: &[ClassExample], indices: &[usize], pad: u32) -> ClassBatch {
    let chosen = || indices.iter().map(|&index| &examples[index]);
    let lengths: Vec<usize> = chosen().map(|example| example.ids.len()).collect();
    let len = lengths.iter().copied().max().unwrap_or(0);
    ClassBatch {
        batch: indices.len(),
        len,
        ids: chosen().flat_map(|example| padded(&example.ids, len, pad)).collect(),
        lengths,
        classes: chosen().map(|example| example.class).collect(),
    }
}
