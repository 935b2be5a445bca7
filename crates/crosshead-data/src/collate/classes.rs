//! Batches for classification.

use super::padded;

/// A tokenized text and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassExample {
    /// The token ids.
    pub ids: Vec<u32>,
    /// The token type of each id; empty if all are 0.
    pub types: Vec<u32>,
    /// The class.
    pub class: u32,
}

/// A batch of tokenized texts and their classes, padded to the longest text. Ids are in row-major order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassBatch {
    /// The number of examples.
    pub batch: usize,
    /// The length of the longest text.
    pub len: usize,
    /// The encoder input: `[batch, len]`.
    pub ids: Vec<u32>,
    /// The token types: `[batch, len]`; `None` if no example has any.
    pub types: Option<Vec<u32>>,
    /// The length of each row without padding: `[batch]`.
    pub lengths: Vec<usize>,
    /// The classes: `[batch]`.
    pub classes: Vec<u32>,
}

/// Collates the examples at these indices into one batch, in this order, padded on the right with `pad`.
///
/// # Panics
/// If an index is out of range.
pub fn collate_classes(examples: &[ClassExample], indices: &[usize], pad: u32) -> ClassBatch {
    let chosen = || indices.iter().map(|&index| &examples[index]);
    let lengths: Vec<usize> = chosen().map(|example| example.ids.len()).collect();
    let len = lengths.iter().copied().max().unwrap_or(0);
    ClassBatch {
        batch: indices.len(),
        len,
        ids: chosen().flat_map(|example| padded(&example.ids, len, pad)).collect(),
        types: chosen()
            .any(|example| !example.types.is_empty())
            .then(|| chosen().flat_map(|example| padded(&example.types, len, 0)).collect()),
        lengths,
        classes: chosen().map(|example| example.class).collect(),
    }
}
