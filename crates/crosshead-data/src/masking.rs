//! Masked language modelling (Devlin et al. 2019, section 3.1 and appendix A.1).

use crate::random::SplitMix64;

/// The task of masked language modelling: which ids are hidden, and by what.
///
/// Of the ids that are not special a share is chosen, at least one; 80 % of those become the mask, 10 % another id, drawn
/// from the vocabulary without the special ones, and 10 % stay. The model has to tell all chosen ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Masking {
    /// The share of the ids that is chosen, 0.15 in BERT.
    pub share: f64,
    /// The id that hides another.
    pub mask_id: u32,
    /// Ids of the vocabulary.
    pub vocab_size: u32,
    /// Ids that are never chosen and never drawn, the mask among them.
    pub special_ids: Vec<u32>,
}

/// A sequence with some of its ids hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedSequence {
    /// What the model reads.
    pub ids: Vec<u32>,
    /// The places that it has to tell, in rising order.
    pub places: Vec<usize>,
}

impl Masking {
    /// BERT's masking: 15 % of the ids.
    pub fn new(mask_id: u32, vocab_size: u32, special_ids: Vec<u32>) -> Self {
        Self { share: 0.15, mask_id, vocab_size, special_ids }
    }

    /// Hides ids of a sequence: a pure function of the sequence, the seed, the epoch and the sequence's index.
    ///
    /// A training run passes its epoch (or its step), so that a sequence is masked anew each time it is seen; for
    /// validation the epoch is always the same. A sequence of special ids alone stays as it is.
    pub fn apply(&self, ids: &[u32], seed: u64, epoch: u64, index: usize) -> MaskedSequence {
        let mut random = SplitMix64::of_example(seed, epoch, index);
        let mut places: Vec<usize> =
            (0..ids.len()).filter(|&at| !self.is_special(ids[at])).collect();
        let chosen = (places.len() as f64 * self.share).round() as usize;
        let chosen = chosen.clamp(places.len().min(1), places.len());
        random.shuffle(&mut places);
        places.truncate(chosen);
        places.sort_unstable();
        let mut masked = ids.to_vec();
        for &place in &places {
            let draw = random.unit();
            if draw < 0.8 {
                masked[place] = self.mask_id;
            } else if draw < 0.9 {
                masked[place] = self.any_id(&mut random).unwrap_or(masked[place]);
            }
        }
        MaskedSequence { ids: masked, places }
    }

    fn is_special(&self, id: u32) -> bool {
        id == self.mask_id || self.special_ids.contains(&id)
    }

    /// An id that is not special; none if there is hardly one.
    fn any_id(&self, random: &mut SplitMix64) -> Option<u32> {
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
        fn only_chosen_places_change_and_special_ids_never(
            ids in sequence(), seed in any::<u64>(), epoch in any::<u64>(), index in any::<usize>(),
        ) {
            let masked = masking().apply(&ids, seed, epoch, index);
            prop_assert_eq!(masked.ids.len(), ids.len());
            prop_assert!(masked.places.is_sorted_by(|a, b| a < b));
            for (place, (&now, &was)) in masked.ids.iter().zip(&ids).enumerate() {
                if masked.places.contains(&place) {
                    prop_assert!(was > MASK && now >= MASK);
                } else {
                    prop_assert_eq!(now, was);
                }
            }
            let inside = ids.len() - 2;
            prop_assert_eq!(masked.places.len(), ((inside as f64 * 0.15).round() as usize).max(1));
        }

        #[test]
        fn masks_depend_on_seed_epoch_and_index_alone(ids in vec(3_u32..100, 40..80), seed in any::<u64>(), epoch in 0_u64..1000, index in 0_usize..1000) {
            let masked = masking().apply(&ids, seed, epoch, index);
            prop_assert_eq!(&masked, &masking().apply(&ids, seed, epoch, index));
            let others = [
                masking().apply(&ids, seed ^ 1, epoch, index),
                masking().apply(&ids, seed, epoch + 1, index),
                masking().apply(&ids, seed, epoch, index + 1),
            ];
            // Two masks of six or more places among forty or more agree once in four million times.
            prop_assert!(others.iter().filter(|other| other.places == masked.places).count() < 2);
        }
    }

    #[test]
    fn of_the_chosen_ids_eighty_percent_are_masked_and_ten_replaced() {
        let ids = vec![50; 1000];
        let mut counts = [0_usize; 3];
        for index in 0..100 {
            let masked = masking().apply(&ids, 7, 0, index);
            for place in masked.places {
                match masked.ids[place] {
                    MASK => counts[0] += 1,
                    50 => counts[2] += 1,
                    _ => counts[1] += 1,
                }
            }
        }
        // 15,000 chosen; standard deviations below 50. One replacement in 97 is the id itself.
        assert_eq!(counts.iter().sum::<usize>(), 15_000);
        assert!(counts[0].abs_diff(12_000) < 250, "{counts:?}");
        assert!(counts[1].abs_diff(1_485) < 200, "{counts:?}");
        assert!(counts[2].abs_diff(1_515) < 200, "{counts:?}");
    }

    #[test]
    fn a_sequence_without_text_stays_as_it_is() {
        for ids in [vec![], vec![CLS, SEP]] {
            let masked = masking().apply(&ids, 1, 1, 1);
            assert_eq!(masked, MaskedSequence { ids, places: Vec::new() });
        }
    }

    #[test]
    fn a_vocabulary_of_special_ids_replaces_nothing() {
        let masking = Masking { share: 1.0, ..Masking::new(0, 2, vec![1]) };
        let masked = masking.apply(&[5; 200], 1, 0, 0);
        assert!(masked.ids.iter().all(|id| [0, 5].contains(id)));
    }
}
