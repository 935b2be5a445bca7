//! Padding rows of token ids to rectangular batches.

/// A batch of token ids, padded to the longest row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaddedBatch {
    /// The ids: `[batch, seq]`.
    pub ids: Vec<u32>,
    /// The number of rows.
    pub batch: usize,
    /// The length of the longest row.
    pub seq: usize,
    /// The length of each row without padding: `[batch]`.
    pub lengths: Vec<usize>,
}

/// Pads every row on the right with `pad` to the longest one.
pub fn pad_batch(rows: &[Vec<u32>], pad: u32) -> PaddedBatch {
    let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
    let seq = lengths.iter().copied().max().unwrap_or(0);
    let mut ids = vec![pad; rows.len() * seq];
    for (index, row) in rows.iter().enumerate() {
        ids[index * seq..][..row.len()].copy_from_slice(row);
    }
    PaddedBatch { ids, batch: rows.len(), seq, lengths }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const PAD: u32 = 99;

    proptest! {
        #[test]
        fn a_padded_row_is_the_row_followed_by_padding(rows in vec(vec(0_u32..50, 0..9), 0..7)) {
            let padded = pad_batch(&rows, PAD);
            prop_assert_eq!(padded.batch, rows.len());
            prop_assert_eq!(padded.ids.len(), padded.batch * padded.seq);
            prop_assert_eq!(padded.seq, rows.iter().map(Vec::len).max().unwrap_or(0));
            for (index, row) in rows.iter().enumerate() {
                let (ids, padding) = padded.ids[index * padded.seq..][..padded.seq].split_at(padded.lengths[index]);
                prop_assert_eq!(ids, &row[..]);
                prop_assert!(padding.iter().all(|&id| id == PAD));
            }
        }
    }
}
