//! Batches with a target for each token: language models and masked models.

use super::padded;
use crate::{MaskedSequence, Window};

/// Sequences with a target for each id, padded to the longest. Ids are row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTargets {
    /// The number of sequences.
    pub batch: usize,
    /// The length of the longest sequence.
    pub len: usize,
    /// What the model reads: `[batch, len]`.
    pub ids: Vec<u32>,
    /// The number of ids in each row before the padding: `[batch]`.
    pub lengths: Vec<usize>,
    /// What the model should predict, or the id that counts for nothing: `[batch, len]`.
    pub targets: Vec<u32>,
    /// The number of targets that count: what a loss per token is divided by.
    pub n_targets: usize,
}

/// Puts windows on a sequence into one batch: each id is to predict the one after it.
///
/// Rows are filled on the right with `pad`; targets there, and those that do not count, are `ignored`.
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
    side_by_side(rows.collect(), n_targets, pad, ignored)
}

/// Puts the masked sequences of these originals into one batch; targets at places that are not to be told are `ignored`.
///
/// # Panics
/// If there is not one masked sequence of the same length for each original.
pub fn collate_masked(
    originals: &[&[u32]],
    masked: &[MaskedSequence],
    pad: u32,
    ignored: u32,
) -> TokenTargets {
    assert!(
        originals.len() == masked.len(),
        "{} originals do not fit {} masked sequences",
        originals.len(),
        masked.len()
    );
    let row = |(original, masked): (&&[u32], &MaskedSequence)| {
        let mut targets = vec![ignored; original.len()];
        masked.places.iter().for_each(|&place| targets[place] = original[place]);
        (masked.ids.clone(), targets)
    };
    let n_targets = masked.iter().map(|masked| masked.places.len()).sum();
    side_by_side(originals.iter().zip(masked).map(row).collect(), n_targets, pad, ignored)
}

/// Rows of ids and their targets.
fn side_by_side(
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
