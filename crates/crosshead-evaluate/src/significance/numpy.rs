//! The random numbers of NumPy's `default_rng(seed)`, so that tests draw the same samples as sacreBLEU: PCG64 (O'Neill
//! 2014, *PCG*, XSL-RR 128/64), seeded by `SeedSequence`, and bounded integers by Lemire's method (2019).

const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

/// NumPy's default generator.
pub(super) struct Generator {
    state: u128,
    increment: u128,
    /// The upper half of a 64-bit number whose lower half has been used.
    half: Option<u32>,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        let [state, increment] = seed_sequence(seed);
        let mut generator = Self { state: 0, increment: (increment << 1) | 1, half: None };
        generator.step();
        generator.state = generator.state.wrapping_add(state);
        generator.step();
        generator
    }

    /// An index below `count`, as in `choice` and `integers`.
    pub(super) fn below(&mut self, count: u32) -> u32 {
        let mut product = u64::from(self.next_u32()) * u64::from(count);
        if (product as u32) < count {
            let threshold = count.wrapping_neg() % count;
            while (product as u32) < threshold {
                product = u64::from(self.next_u32()) * u64::from(count);
            }
        }
        (product >> 32) as u32
    }

    /// Fills `drawn` as `integers(2, dtype=bool)` does. `buffer` carries unused bits from one call to the next.
    pub(super) fn fill_booleans(&mut self, drawn: &mut [bool], buffer: &mut Bits) {
        for value in drawn {
            if buffer.left == 0 {
                *buffer = Bits { word: self.next_u32(), left: u32::BITS };
            }
            *value = buffer.word & 1 == 1;
            buffer.word >>= 1;
            buffer.left -= 1;
        }
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    fn next_u64(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    /// The lower half of a 64-bit number, then its upper half.
    fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let next = self.next_u64();
        self.half = Some((next >> 32) as u32);
        next as u32
    }
}

/// Unused random bits.
#[derive(Default)]
pub(super) struct Bits {
    word: u32,
    left: u32,
}

/// The state and increment that `SeedSequence(seed)` generates.
fn seed_sequence(seed: u64) -> [u128; 2] {
    let mut hash = Hash { constant: 0x43b0_d7e5, multiplier: 0x931e_8875 };
    let mut pool = [seed as u32, (seed >> 32) as u32, 0, 0].map(|word| hash.of(word));
    for source in 0..pool.len() {
        for target in 0..pool.len() {
            if source != target {
                pool[target] = mix(pool[target], hash.of(pool[source]));
            }
        }
    }
    let mut hash = Hash { constant: 0x8b51_f9dd, multiplier: 0x58f3_8ded };
    let words: Vec<u128> = (0..8).map(|word| u128::from(hash.of(pool[word % 4]))).collect();
    // Pairs of 64-bit words, the upper one first; the lower half of each comes first.
    [0, 4]
        .map(|at| (words[at + 1] << 96) | (words[at] << 64) | (words[at + 3] << 32) | words[at + 2])
}

struct Hash {
    constant: u32,
    multiplier: u32,
}

impl Hash {
    fn of(&mut self, word: u32) -> u32 {
        let word = word ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.multiplier);
        let word = word.wrapping_mul(self.constant);
        word ^ (word >> 16)
    }
}

fn mix(word: u32, other: u32) -> u32 {
    let mixed = word.wrapping_mul(0xca01_f9dd).wrapping_sub(other.wrapping_mul(0x4973_f715));
    mixed ^ (mixed >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `np.random.default_rng(seed)` of NumPy 2.4: `choice(3000, 8)`, then `integers(7, size=4)`.
    #[test]
    fn indices_are_those_of_numpy() {
        for (seed, large, small) in NUMPY_INDICES {
            let mut generator = Generator::new(seed);
            assert_eq!(large.map(|_| generator.below(3000)), large);
            assert_eq!(small.map(|_| generator.below(7)), small);
        }
    }

    /// `np.random.default_rng(12345).integers(2, size=(2, 20), dtype=bool)`.
    #[test]
    fn booleans_are_those_of_numpy() {
        let (mut generator, mut bits) = (Generator::new(12345), Bits::default());
        for expected in NUMPY_BOOLEANS {
            let mut drawn = [false; 20];
            generator.fill_booleans(&mut drawn, &mut bits);
            assert_eq!(drawn.map(u8::from), expected);
        }
    }

    const NUMPY_INDICES: [(u64, [u32; 8], [u32; 4]); 3] = [
        (12345, [2097, 682, 2365, 950, 612, 2392, 1928, 2028], [6, 2, 5, 2]),
        (0, [2551, 1910, 1533, 809, 923, 122, 225, 49], [1, 5, 4, 6]),
        (1099511627783, [619, 2489, 1828, 765, 51, 461, 1514, 2023], [6, 5, 0, 3]),
    ];
    const NUMPY_BOOLEANS: [[u8; 20]; 2] = [
        [1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1],
    ];
}
