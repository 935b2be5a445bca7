//! Batches of source and target sequences for teacher forcing.

use std::iter;

use super::padded;
use crate::Example;

/// A batch for teacher forcing. Sources and targets are padded to the longest ones in the batch; ids are in row-major
/// order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seq2SeqBatch {
    /// The number of examples.
    pub batch: usize,
    /// The length of the longest source.
    pub src_len: usize,
    /// The length of the longest target.
    pub tgt_len: usize,
    /// The encoder input: `[batch, src_len]`.
    pub source: Vec<u32>,
    /// The length of each source without padding: `[batch]`.
    pub source_lengths: Vec<usize>,
    /// The decoder input, which is the target shifted right after the start id: `[batch, tgt_len]`.
    pub decoder_input: Vec<u32>,
    /// The ids that the decoder should predict: `[batch, tgt_len]`.
    pub target: Vec<u32>,
    /// The length of each target without padding: `[batch]`.
    pub target_lengths: Vec<usize>,
    /// The number of target ids in all rows without padding, by which a summed loss is divided.
    pub tokens: usize,
}

/// Collates the examples at these indices into one batch, in this order. Rows are padded on the right with `pad`, and
/// decoder inputs start with `start` (in Marian and Pegasus this is also `pad`).
///
/// # Panics
/// If an index is out of range.
pub fn collate(examples: &[Example], indices: &[usize], pad: u32, start: u32) -> Seq2SeqBatch {
    let chosen = || indices.iter().map(|&index| &examples[index]);
    let source_lengths: Vec<usize> = chosen().map(|example| example.source.len()).collect();
    let target_lengths: Vec<usize> = chosen().map(|example| example.target.len()).collect();
    let src_len = source_lengths.iter().copied().max().unwrap_or(0);
    let tgt_len = target_lengths.iter().copied().max().unwrap_or(0);

    Seq2SeqBatch {
        batch: indices.len(),
        src_len,
        tgt_len,
        source: chosen().flat_map(|example| padded(&example.source, src_len, pad)).collect(),
        decoder_input: chosen()
            .flat_map(|example| shifted_right(&example.target, start, tgt_len, pad))
            .collect(),
        target: chosen().flat_map(|example| padded(&example.target, tgt_len, pad)).collect(),
        tokens: target_lengths.iter().sum(),
        source_lengths,
        target_lengths,
    }
}

fn shifted_right(ids: &[u32], start: u32, len: usize, pad: u32) -> impl Iterator<Item = u32> {
    let input = iter::once(start).chain(ids.iter().copied()).take(ids.len());
    input.chain(iter::repeat_n(pad, len - ids.len()))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const PAD: u32 = 99;
    const START: u32 = 98;

    fn examples() -> impl Strategy<Value = Vec<Example>> {
        let ids = || vec(0_u32..50, 1..9);
        vec((ids(), ids()).prop_map(|(source, target)| Example { source, target }), 1..9)
    }

    fn rows(ids: &[u32], len: usize) -> Vec<&[u32]> {
        ids.chunks(len).collect()
    }

    proptest! {
        #[test]
        fn every_row_is_its_example_followed_by_padding(
            (examples, indices) in examples().prop_flat_map(|examples| {
                let indices = vec(0..examples.len(), 1..9);
                (Just(examples), indices)
            }),
        ) {
            let batch = collate(&examples, &indices, PAD, START);
            prop_assert_eq!(batch.batch, indices.len());
            let sides = [
                (&batch.source, batch.src_len, &batch.source_lengths),
                (&batch.target, batch.tgt_len, &batch.target_lengths),
            ];
            for (side, (ids, len, lengths)) in sides.into_iter().enumerate() {
                prop_assert_eq!(ids.len(), indices.len() * len);
                prop_assert_eq!(lengths.iter().max(), Some(&len));
                for (row, (&index, &length)) in rows(ids, len).into_iter().zip(indices.iter().zip(lengths)) {
                    let example = [&examples[index].source, &examples[index].target][side];
                    prop_assert_eq!(&row[..length], &example[..]);
                    prop_assert!(row[length..].iter().all(|&id| id == PAD));
                }
            }
        }

        #[test]
        fn the_decoder_input_is_the_target_shifted_right(examples in examples()) {
            let indices: Vec<usize> = (0..examples.len()).collect();
            let batch = collate(&examples, &indices, PAD, START);
            let inputs = rows(&batch.decoder_input, batch.tgt_len);
            for (row, example) in inputs.into_iter().zip(&examples) {
                let (input, padding) = row.split_at(example.target.len());
                prop_assert_eq!(input[0], START);
                prop_assert_eq!(&input[1..], &example.target[..example.target.len() - 1]);
                prop_assert!(padding.iter().all(|&id| id == PAD));
            }
        }

        #[test]
        fn tokens_count_the_targets_that_are_not_padding(examples in examples()) {
            let indices: Vec<usize> = (0..examples.len()).collect();
            let batch = collate(&examples, &indices, PAD, START);
            prop_assert_eq!(batch.tokens, batch.target.iter().filter(|&&id| id != PAD).count());
        }
    }

    #[test]
    fn no_examples_make_an_empty_batch() {
        let batch = collate(&[], &[], PAD, START);
        assert_eq!((batch.batch, batch.src_len, batch.tgt_len, batch.tokens), (0, 0, 0, 0));
        assert!(
            batch.source.is_empty() && batch.decoder_input.is_empty() && batch.target.is_empty()
        );
    }
}
