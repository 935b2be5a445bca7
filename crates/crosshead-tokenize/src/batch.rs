//! Rows of ids as rectangular batches.

/// Rows of ids with the same length, as a model takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaddedBatch {
    /// The ids, row by row: `[batch, seq]`.
    pub ids: Vec<u32>,
    /// The number of rows.
    pub batch: usize,
    /// The length of the longest row, padding included for all others.
    pub seq: usize,
    /// The number of ids in each row before the padding: `[batch]`.
    pub lengths: Vec<usize>,
}

/// Fills every row up to the longest with `pad` on the right.
pub fn pad_batch(rows: &[Vec<u32>], pad: u32) -> PaddedBatch {
    let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
    let seq = lengths.iter().copied().max().unwrap_or(0);
    let mut ids = vec![pad; rows.len() * seq];
    for (place, row) in rows.iter().enumerate() {
        ids[place * seq..][..row.len()].copy_from_slice(row);
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
        fn a_padded_row_is_the_row_and_then_padding(rows in vec(vec(0_u32..50, 0..9), 0..7)) {
            let padded = pad_batch(&rows, PAD);
            prop_assert_eq!(padded.batch, rows.len());
            prop_assert_eq!(padded.ids.len(), padded.batch * padded.seq);
            prop_assert_eq!(padded.seq, rows.iter().map(Vec::len).max().unwrap_or(0));
            for (place, row) in rows.iter().enumerate() {
                let (ids, padding) = padded.ids[place * padded.seq..][..padded.seq].split_at(padded.lengths[place]);
                prop_assert_eq!(ids, &row[..]);
                prop_assert!(padding.iter().all(|&id| id == PAD));
            }
        }
    }
}
