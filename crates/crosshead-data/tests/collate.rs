//! Batches for classification, and of windows and masked sequences.

use crosshead_data::{
    ClassExample, Masking, Window, collate_classes, collate_masked, collate_windows,
    contiguous_windows,
};
use proptest::collection::vec;
use proptest::prelude::*;

const PAD: u32 = 99;
const IGNORED: u32 = u32::MAX;

proptest! {
    #[test]
    fn every_row_is_its_text_followed_by_padding(
        examples in vec((vec(0_u32..50, 1..9), 0_u32..3), 1..9),
        picks in vec(any::<prop::sample::Index>(), 1..9),
    ) {
        let examples: Vec<ClassExample> =
            examples.into_iter().map(|(ids, class)| {
                // Examples of class 1 are pairs.
                let types = if class == 1 { ids.iter().map(|id| id % 2).collect() } else { Vec::new() };
                ClassExample { ids, types, class }
            }).collect();
        let indices: Vec<usize> = picks.iter().map(|pick| pick.index(examples.len())).collect();
        let batch = collate_classes(&examples, &indices, PAD);
        prop_assert_eq!(batch.lengths.iter().max(), Some(&batch.len));
        prop_assert_eq!(batch.ids.len(), batch.batch * batch.len);
        for (at, (&index, row)) in indices.iter().zip(batch.ids.chunks(batch.len)).enumerate() {
            let ClassExample { ids, types, class } = &examples[index];
            let of_row = batch.types.as_ref().map(|types| &types[at * batch.len..(at + 1) * batch.len]);
            let is_of_row = |(position, of_token): (usize, &u32)| types.get(position).unwrap_or(&0) == of_token;
            prop_assert!(of_row.is_some() || types.is_empty());
            prop_assert!(of_row.is_none_or(|row| row.iter().enumerate().all(is_of_row)));
            prop_assert_eq!((&row[..ids.len()], batch.classes[at]), (&ids[..], *class));
            prop_assert!(row[ids.len()..].iter().all(|&id| id == PAD));
            prop_assert_eq!(batch.lengths[at], ids.len());
        }
    }

    #[test]
    fn contiguous_windows_predict_each_id_once(text in vec(0_u32..50, 0..60), len in 1_usize..12, stride in 1_usize..12) {
        let windows = contiguous_windows(text.len(), len, stride);
        let mut predicted = Vec::new();
        for windows in windows.chunks(3) {
            let batch = collate_windows(&text, windows, PAD, IGNORED);
            let scored: Vec<u32> = batch.targets.iter().copied().filter(|&id| id != IGNORED).collect();
            prop_assert_eq!(scored.len(), batch.n_targets);
            predicted.extend(scored);
        }
        prop_assert_eq!(&predicted[..], text.get(1..).unwrap_or_default());
    }

    #[test]
    fn a_target_is_the_next_id(text in vec(0_u32..50, 10..60), start in 0_usize..4, len in 1_usize..6) {
        let batch = collate_windows(&text, &[Window::new(start, len)], PAD, IGNORED);
        prop_assert_eq!(&batch.ids[..], &text[start..start + len]);
        prop_assert_eq!(&batch.targets[..], &text[start + 1..start + 1 + len]);
    }

    #[test]
    fn masked_targets_are_the_original_ids(originals in vec(vec(3_u32..90, 1..20), 1..6), seed in any::<u64>()) {
        let masking = Masking::new(0, 90, vec![1, 2]);
        let masked: Vec<_> =
            originals.iter().enumerate().map(|(index, ids)| masking.apply(ids, seed, 0, index)).collect();
        let rows: Vec<&[u32]> = originals.iter().map(Vec::as_slice).collect();
        let batch = collate_masked(&rows, &masked, PAD, IGNORED);
        prop_assert_eq!(batch.n_targets, batch.targets.iter().filter(|&&id| id != IGNORED).count());
        for (at, original) in originals.iter().enumerate() {
            let row = at * batch.len..(at + 1) * batch.len;
            let (ids, targets) = (&batch.ids[row.clone()], &batch.targets[row]);
            prop_assert_eq!(batch.lengths[at], original.len());
            for position in 0..batch.len {
                match original.get(position) {
                    None => prop_assert_eq!((ids[position], targets[position]), (PAD, IGNORED)),
                    Some(&id) if targets[position] == IGNORED => prop_assert_eq!(ids[position], id),
                    Some(&id) => prop_assert_eq!(targets[position], id),
                }
            }
        }
    }
}

#[test]
fn no_examples_make_empty_batches() {
    assert_eq!(collate_classes(&[], &[], PAD).batch, 0);
    assert_eq!(collate_windows(&[1], &[], PAD, IGNORED).n_targets, 0);
    assert_eq!(collate_masked(&[], &[], PAD, IGNORED).len, 0);
}
