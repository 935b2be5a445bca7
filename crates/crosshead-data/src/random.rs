//! Random numbers as a pure function of seed and position.

/// SplitMix64 (Steele, Lea and Flood 2014, figure 16): value `i` is a hash of `seed + i·γ`. It uses only 64-bit integers,
/// so the values are the same on every platform.
pub(crate) struct SplitMix64 {
    state: u64,
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The generator of an epoch: seeded with `hash(hash(seed) ⊕ epoch)`, so that the streams of
    /// neighboring seeds and epochs are unrelated.
    pub(crate) fn of_epoch(seed: u64, epoch: u64) -> Self {
        let hash = |seed| Self::new(seed).next_u64();
        Self::new(hash(hash(seed) ^ epoch))
    }

    /// The generator of one example in an epoch.
    pub(crate) fn of_example(seed: u64, epoch: u64, index: usize) -> Self {
        Self::of_epoch(Self::of_epoch(seed, epoch).next_u64(), index as u64)
    }

    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// An integer below `bound` by multiplication and shift (Lemire 2019, section 3). The deviation from uniform is below
    /// `bound / 2⁶⁴`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A number in [0, 1) with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Fisher-Yates shuffle (Knuth, *The Art of Computer Programming*, algorithm 3.4.2P).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosetta Code lists these five values for this seed ("Pseudo-random numbers/Splitmix64").
    #[test]
    fn values_match_other_implementations() {
        let mut random = SplitMix64::new(1_234_567);
        let values: [u64; 5] = std::array::from_fn(|_| random.next_u64());
        assert_eq!(
            values,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn every_permutation_is_equally_likely() {
        let mut counts = [0_u32; 6];
        for epoch in 0..6000 {
            let mut items = [0, 1, 2];
            SplitMix64::of_epoch(7, epoch).shuffle(&mut items);
            let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
            counts[permutations.iter().position(|permutation| *permutation == items).unwrap()] += 1;
        }
        // 1000 expected of each, with a standard deviation of 29.
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
