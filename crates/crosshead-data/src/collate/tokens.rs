//! Batches with a target for each token, for language models and token classifiers.

use super::padded;
use crate::{MaskedSequence, Window};

/// A batch of sequences with a target for each token, padded to the longest sequence. Ids are in row-major order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTargets {
    /// The number of sequences.
    pub batch: usize,
    /// The length of the longest sequence.
    pub len: usize,
    /// The model input: `[batch, len]`.
    pub ids: Vec<u32>,
    /// The length of each row without padding: `[batch]`.
    pub lengths: Vec<usize>,
    /// The ids that the model should predict, or the `ignored` id: `[batch, len]`.
    pub targets: Vec<u32>,
    /// The number of targets that are not ignored, by which a summed loss is divided.
    pub n_targets: usize,
}

/// Collates windows of a sequence into one batch, in which the target of each id is the next id.
///
/// Rows are padded on the right with `pad`. Padding and the context of each window have the target id `ignored`.
///
/// # Panics
/// If the sequence ends before the last target of a window.
pub fn collate_windows(
    sequence: &[u32],
    windows: &[Window],
    pad: u32,
    ignored: u32,
) -> TokenTargets {
    let read = |window: &Window| &sequence[window.start..window.start + window.len];
    let following = |window: &Window| {
        let mut targets = sequence[window.start + 1..=window.start + window.len].to_vec();
        targets[..window.context].fill(ignored);
        targets
    };
    let rows = windows.iter().map(|window| (read(window).to_vec(), following(window)));
    let n_targets = windows.iter().map(Window::targets).sum();
    padded_rows(rows.collect(), n_targets, pad, ignored)
}

/// Collates masked sequences into one batch. Targets are the original ids at masked positions, and `ignored` elsewhere.
///
/// # Panics
/// If there is not exactly one masked sequence of the same length for each original.
pub fn collate_masked(
    originals: &[&[u32]],
    masked: &[MaskedSequence],
    pad: u32,
    ignored: u32,
) -> TokenTargets {
    assert!(
        originals.len() == masked.len(),
        "{} originals for {} masked sequences: pass one for each",
        originals.len(),
        masked.len()
    );
    let row = |(original, masked): (&&[u32], &MaskedSequence)| {
        let mut targets = vec![ignored; original.len()];
        masked.positions.iter().for_each(|&position| targets[position] = original[position]);
        (masked.ids.clone(), targets)
    };
    let n_targets = masked.iter().map(|masked| masked.positions.len()).sum();
    padded_rows(originals.iter().zip(masked).map(row).collect(), n_targets, pad, ignored)
}

/// A tokenized sentence and the class of each token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagExample {
    /// The token ids.
    pub ids: Vec<u32>,
    /// The class of each token; `None` for tokens without a target, such as special tokens.
    pub classes: Vec<Option<u32>>,
}

/// Collates the examples at these indices into one batch, in this order. Tokens without a class have the target `ignored`.
///
/// # Panics
/// If an index is out of range.
pub fn collate_tags(
    examples: &[TagExample],
    indices: &[usize],
    pad: u32,
    ignored: u32,
) -> TokenTargets {
    let row = |&index: &usize| {
        let TagExample { ids, classes } = &examples[index];
        (ids.clone(), classes.iter().map(|class| class.unwrap_or(ignored)).collect())
    };
    let rows: Vec<(Vec<u32>, Vec<u32>)> = indices.iter().map(row).collect();
    let n_targets =
        indices.iter().flat_map(|&index| examples[index].classes.iter().flatten()).count();
    padded_rows(rows, n_targets, pad, ignored)
}

/// Pads rows of ids and their targets.
fn padded_rows(
    rows: Vec<(Vec<u32>, Vec<u32>)>,
    n_targets: usize,
    pad: u32,
    ignored: u32,
) -> TokenTargets {
    let lengths: Vec<usize> = rows.iter().map(|(ids, _)| ids.len()).collect();
    let len = lengths.iter().copied().max().unwrap_or(0);
    TokenTargets {
        batch: rows.len(),
        len,
        ids: rows.iter().flat_map(|(ids, _)| padded(ids, len, pad)).collect(),
        targets: rows.iter().flat_map(|(_, targets)| padded(targets, len, ignored)).collect(),
        lengths,
        n_targets,
    }
}
