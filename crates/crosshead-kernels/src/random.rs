//! Counter-based random numbers: every value is a pure function of a key and an element's index.
//!
//! The generator is Philox4x32-10 (Salmon et al., *Parallel Random Numbers: As Easy as 1, 2, 3*, SC 2011). Values do
//! not depend on the device, the number of threads or earlier draws.

use serde::{Deserialize, Serialize};

/// Whether a forward pass is for training or evaluation.
///
/// Dropout is active only in [`Mode::Train`]; its masks are a pure function of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Evaluation: no dropout.
    Eval,
    /// Training, with the key that every random mask of this pass is derived from.
    Train(RandomKey),
}

impl Mode {
    /// The mode of a named submodule: its random numbers are independent of those of every other submodule.
    pub fn stream(self, name: &str) -> Self {
        match self {
            Self::Eval => Self::Eval,
            Self::Train(key) => Self::Train(key.stream(name)),
        }
    }

    /// The mode of the submodule with the given index, such as a layer of a stack.
    pub fn index(self, index: usize) -> Self {
        match self {
            Self::Eval => Self::Eval,
            Self::Train(key) => Self::Train(key.index(index)),
        }
    }
}

/// The key of a stream of random numbers.
///
/// Keys are derived by [`at_step`](Self::at_step), [`stream`](Self::stream) and [`index`](Self::index); element `i` of
/// the stream is then a pure function of the key and `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RandomKey {
    pub(crate) stream: u64,
    pub(crate) step: u64,
}

impl RandomKey {
    /// The root key of a seed.
    pub fn new(seed: u64) -> Self {
        Self { stream: mix(seed), step: 0 }
    }

    /// The same stream at a different training step.
    pub fn at_step(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// The stream of a named submodule.
    pub fn stream(self, name: &str) -> Self {
        // FNV-1a, 64 bits.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { stream: mix(self.stream ^ hash), ..self }
    }

    /// The stream of the submodule with the given index.
    pub fn index(self, index: usize) -> Self {
        Self {
            stream: mix(self.stream.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_add(index as u64)),
            ..self
        }
    }

    /// Four 32-bit words: elements `4 * block` to `4 * block + 3` of the stream.
    #[inline]
    pub fn words(self, block: u64) -> [u32; 4] {
        philox4x32(
            [block as u32, (block >> 32) as u32, self.step as u32, (self.step >> 32) as u32],
            [self.stream as u32, (self.stream >> 32) as u32],
        )
    }

    /// The first `n` words of the stream.
    pub fn take(self, n: usize) -> impl Iterator<Item = u32> {
        (0..n.div_ceil(4) as u64).flat_map(move |block| self.words(block)).take(n)
    }

    /// `n` values drawn uniformly from [0, 1), with 24 random bits each.
    pub fn uniform(self, n: usize) -> Vec<f32> {
        self.take(n).map(unit).collect()
    }

    /// `n` values drawn from the standard normal distribution (Box & Muller 1958).
    pub fn normal(self, n: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(n + 3);
        for block in 0..n.div_ceil(4) as u64 {
            let [a, b, c, d] = self.words(block);
            for (u, v) in [(a, b), (c, d)] {
                // 1 - u is in (0, 1], so the logarithm is finite.
                let radius = (-2.0 * (1.0 - f64::from(unit(u))).ln()).sqrt();
                let (sin, cos) = (std::f64::consts::TAU * f64::from(unit(v))).sin_cos();
                values.extend([(radius * cos) as f32, (radius * sin) as f32]);
            }
        }
        values.truncate(n);
        values
    }
}

/// The upper 24 bits of a word as a number in [0, 1).
fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// The finalizer of SplitMix64: a bijection in which every input bit affects every output bit.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Philox4x32 with ten rounds.
#[inline]
fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let low = u64::from(counter[0]) * 0xd251_1f53;
        let high = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (high >> 32) as u32 ^ counter[1] ^ key[0],
            high as u32,
            (low >> 32) as u32 ^ counter[3] ^ key[1],
            low as u32,
        ];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the Random123 distribution (`kat_vectors`, philox4x32 10).
    #[test]
    fn philox_matches_the_test_vectors() {
        assert_eq!(
            philox4x32([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn streams_steps_and_indices_are_distinct() {
        let key = RandomKey::new(1);
        let keys = [
            key,
            RandomKey::new(2),
            key.at_step(1),
            key.stream("a"),
            key.stream("b"),
            key.index(0),
            key.index(1),
        ];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[i + 1..] {
                assert_ne!(a.words(0), b.words(0), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn uniform_and_normal_values_have_the_expected_mean_and_variance() {
        let n = 100_000;
        let moments = |values: &[f32]| {
            let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
            (mean, values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n as f64)
        };
        let (mean, variance) = moments(&RandomKey::new(3).uniform(n));
        assert!(
            (mean - 0.5).abs() < 0.005 && (variance - 1.0 / 12.0).abs() < 0.002,
            "{mean} {variance}"
        );
        let (mean, variance) = moments(&RandomKey::new(3).normal(n));
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
