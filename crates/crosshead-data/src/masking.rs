//! Masking for masked language modeling (Devlin et al. 2019, section 3.1 and appendix A.1).

use crate::random::SplitMix64;

/// The masking of a masked language model: which ids are selected for prediction, and what replaces them.
///
/// A fraction of the non-special ids is selected, at least one. Of these, 80 % are replaced by the mask id, 10 % by a
/// random non-special id of the vocabulary, and 10 % stay unchanged. The model predicts the original id at every
/// selected position.
#[derive(Clone, Debug, PartialEq)]
pub struct Masking {
    /// The fraction of the ids that is selected; 0.15 in BERT.
    pub share: f64,
    /// The id of the mask token.
    pub mask_id: u32,
    /// The size of the vocabulary.
    pub vocab_size: u32,
    /// Ids that are never selected and never drawn as a replacement. The mask id does not need to be listed.
    pub special_ids: Vec<u32>,
}

/// A sequence with some of its ids masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedSequence {
    /// The model input.
    pub ids: Vec<u32>,
    /// The positions to predict, in ascending order.
    pub positions: Vec<usize>,
}

impl Masking {
    /// BERT's masking: 15 % of the ids.
    pub fn new(mask_id: u32, vocab_size: u32, special_ids: Vec<u32>) -> Self {
        Self { share: 0.15, mask_id, vocab_size, special_ids }
    }

    /// Masks a sequence. The result is a pure function of the sequence, the seed, the epoch and the sequence's index.
    ///
    /// A training run passes its epoch (or step), so a sequence is masked differently each time the model sees it. For
    /// validation, pass a fixed epoch. A sequence that contains only special ids is unchanged.
    pub fn apply(&self, ids: &[u32], seed: u64, epoch: u64, index: usize) -> MaskedSequence {
        let mut random = SplitMix64::of_example(seed, epoch, index);
        let mut positions = self.positions(ids);
        let selected = self.selected(positions.len());
        random.shuffle(&mut positions);
        positions.truncate(selected);
        self.replaced(ids, positions, &mut random)
    }

    /// [`apply`](Self::apply) to complete words, as in BERT's whole word masking: `words` has the word of each id. Words are
    /// drawn as long as their ids do not exceed the share, and at least one.
    ///
    /// # Panics
    /// If the numbers of ids and of words differ.
    pub fn apply_to_words(
        &self,
        ids: &[u32],
        words: &[usize],
        seed: u64,
        epoch: u64,
        index: usize,
    ) -> MaskedSequence {
        assert!(ids.len() == words.len(), "{} words for {} ids", words.len(), ids.len());
        let mut random = SplitMix64::of_example(seed, epoch, index);
        let positions = self.positions(ids);
        let selected = self.selected(positions.len());
        let mut of_words: Vec<&[usize]> =
            positions.chunk_by(|&a, &b| a + 1 == b && words[a] == words[b]).collect();
        random.shuffle(&mut of_words);
        let mut chosen: Vec<usize> = Vec::new();
        for word in &of_words {
            if chosen.len() + word.len() <= selected {
                chosen.extend_from_slice(word);
            }
        }
        if chosen.is_empty() {
            chosen.extend(of_words.first().copied().unwrap_or_default());
        }
        self.replaced(ids, chosen, &mut random)
    }

    /// The number of ids to select of `n` that are not special.
    pub fn selected(&self, n: usize) -> usize {
        ((n as f64 * self.share).round() as usize).clamp(n.min(1), n)
    }

    /// The positions that can be selected.
    fn positions(&self, ids: &[u32]) -> Vec<usize> {
        (0..ids.len()).filter(|&position| !self.is_special(ids[position])).collect()
    }

    /// Replaces the ids at the selected positions.
    fn replaced(
        &self,
        ids: &[u32],
        mut positions: Vec<usize>,
        random: &mut SplitMix64,
    ) -> MaskedSequence {
        positions.sort_unstable();
        let mut masked = ids.to_vec();
        for &position in &positions {
            let draw = random.unit();
            if draw < 0.8 {
                masked[position] = self.mask_id;
            } else if draw < 0.9 {
                masked[position] = self.random_id(random).unwrap_or(masked[position]);
            }
        }
        MaskedSequence { ids: masked, positions }
    }

    /// Whether an id is never masked.
    pub fn is_special(&self, id: u32) -> bool {
        id == self.mask_id || self.special_ids.contains(&id)
    }

    /// A random id that is not special. `None` if the vocabulary has hardly any such ids.
    fn random_id(&self, random: &mut SplitMix64) -> Option<u32> {
        const TRIES: usize = 100;
        let mut draws = (0..TRIES).map(|_| random.below(self.vocab_size as usize) as u32);
        draws.find(|&id| !self.is_special(id))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const CLS: u32 = 0;
    const SEP: u32 = 1;
    const MASK: u32 = 2;

    fn masking() -> Masking {
        Masking::new(MASK, 100, vec![CLS, SEP])
    }

    fn sequence() -> impl Strategy<Value = Vec<u32>> {
        vec(3_u32..100, 1..80).prop_map(|ids| [vec![CLS], ids, vec![SEP]].concat())
    }

    proptest! {
        #[test]
        fn only_selected_positions_change_and_special_ids_never(
            ids in sequence(), seed in any::<u64>(), epoch in any::<u64>(), index in any::<usize>(),
        ) {
            let masked = masking().apply(&ids, seed, epoch, index);
            prop_assert_eq!(masked.ids.len(), ids.len());
            prop_assert!(masked.positions.is_sorted_by(|a, b| a < b));
            for (position, (&now, &was)) in masked.ids.iter().zip(&ids).enumerate() {
                if masked.positions.contains(&position) {
                    prop_assert!(was > MASK && now >= MASK);
                } else {
                    prop_assert_eq!(now, was);
                }
            }
            let inside = ids.len() - 2;
            prop_assert_eq!(masked.positions.len(), ((inside as f64 * 0.15).round() as usize).max(1));
        }

        #[test]
        fn masks_depend_only_on_seed_epoch_and_index(ids in vec(3_u32..100, 40..80), seed in any::<u64>(), epoch in 0_u64..1000, index in 0_usize..1000) {
            let masked = masking().apply(&ids, seed, epoch, index);
            prop_assert_eq!(&masked, &masking().apply(&ids, seed, epoch, index));
            let others = [
                masking().apply(&ids, seed ^ 1, epoch, index),
                masking().apply(&ids, seed, epoch + 1, index),
                masking().apply(&ids, seed, epoch, index + 1),
            ];
            // Two masks of six or more positions out of forty or more coincide once in four million times.
            prop_assert!(others.iter().filter(|other| other.positions == masked.positions).count() < 2);
        }
    }

    proptest! {
        #[test]
        fn a_word_is_masked_completely_or_not_at_all(
            lens in vec(1_usize..4, 1..30), seed in any::<u64>(), epoch in any::<u64>(),
        ) {
            let words: Vec<usize> = lens.iter().enumerate().flat_map(|(word, &len)| vec![word; len]).collect();
            let ids: Vec<u32> = (0..words.len() as u32).map(|id| 3 + id % 90).collect();
            let masked = masking().apply_to_words(&ids, &words, seed, epoch, 0);
            prop_assert_eq!(&masked, &masking().apply_to_words(&ids, &words, seed, epoch, 0));
            let chosen: Vec<usize> = masked.positions.iter().map(|&position| words[position]).collect();
            for (word, &len) in lens.iter().enumerate() {
                let of_word = chosen.iter().filter(|&&chosen| chosen == word).count();
                prop_assert!(of_word == 0 || of_word == len);
            }
            let selected = masking().selected(ids.len());
            prop_assert!(!chosen.is_empty() && (chosen.len() <= selected || chosen.iter().all(|word| *word == chosen[0])));
            // Enough words of one id fill the share exactly.
            let single = lens.iter().filter(|&&len| len == 1).count();
            prop_assert!(single < selected || chosen.len() == selected);
            for (position, (&now, &was)) in masked.ids.iter().zip(&ids).enumerate() {
                prop_assert!(now == was || masked.positions.contains(&position));
            }
        }

        #[test]
        fn words_of_one_id_are_masked_like_ids(ids in sequence(), seed in any::<u64>()) {
            let words: Vec<usize> = (0..ids.len()).collect();
            prop_assert_eq!(
                masking().apply_to_words(&ids, &words, seed, 0, 3),
                masking().apply(&ids, seed, 0, 3)
            );
        }
    }

    #[test]
    fn eighty_percent_of_the_selected_ids_are_masked_and_ten_are_replaced() {
        let ids = vec![50; 1000];
        let mut counts = [0_usize; 3];
        for index in 0..100 {
            let masked = masking().apply(&ids, 7, 0, index);
            for position in masked.positions {
                match masked.ids[position] {
                    MASK => counts[0] += 1,
                    50 => counts[2] += 1,
                    _ => counts[1] += 1,
                }
            }
        }
        // 15,000 are selected; the standard deviations are below 50. One replacement in 97 is the id itself.
        assert_eq!(counts.iter().sum::<usize>(), 15_000);
        assert!(counts[0].abs_diff(12_000) < 250, "{counts:?}");
        assert!(counts[1].abs_diff(1_485) < 200, "{counts:?}");
        assert!(counts[2].abs_diff(1_515) < 200, "{counts:?}");
    }

    #[test]
    fn a_sequence_without_text_stays_unchanged() {
        for ids in [vec![], vec![CLS, SEP]] {
            let masked = masking().apply(&ids, 1, 1, 1);
            assert_eq!(masked, MaskedSequence { ids, positions: Vec::new() });
        }
    }

    #[test]
    fn a_vocabulary_of_only_special_ids_gives_no_replacements() {
        let masking = Masking { share: 1.0, ..Masking::new(0, 2, vec![1]) };
        let masked = masking.apply(&[5; 200], 1, 0, 0);
        assert!(masked.ids.iter().all(|id| [0, 5].contains(id)));
    }
}
