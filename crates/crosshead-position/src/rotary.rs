//! Rotary positional embeddings (RoPE).

use std::f64::consts::TAU;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Which features of a head form a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaryPairing {
    /// Features i and i + d/2 (GPT-NeoX, Llama).
    #[default]
    HalfSplit,
    /// Features 2i and 2i + 1 (the paper, GPT-J).
    Interleaved,
}

/// How rotation frequencies are scaled for sequences longer than those seen in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaryScaling {
    /// No scaling.
    #[default]
    None,
    /// Positions are divided by `factor` (Chen et al. 2023).
    Linear {
        /// The factor by which the context is extended.
        factor: f64,
    },
    /// The base becomes base · factor^(d / (d − 2)), which keeps high frequencies (NTK-aware scaling, bloc97 2023).
    Ntk {
        /// The factor by which the context is extended.
        factor: f64,
    },
    /// For a sequence of n tokens, longer than the training length m, the base becomes base · (factor · n/m − factor +
    /// 1)^(d / (d − 2)) (dynamic NTK scaling, emozilla 2023). Cached keys keep the angles with which they were
    /// computed, as in transformers.
    Dynamic {
        /// The factor of the growth.
        factor: f64,
        /// The maximum length in training.
        original_max_len: usize,
    },
    /// Low frequencies are divided by `factor`, high frequencies are kept, and those in between are interpolated (Llama
    /// 3.1).
    Llama3 {
        /// The divisor of low frequencies.
        factor: f64,
        /// Wavelengths longer than `original_max_len / low_freq_factor` are low frequencies.
        low_freq_factor: f64,
        /// Wavelengths shorter than `original_max_len / high_freq_factor` are high frequencies.
        high_freq_factor: f64,
        /// The maximum length in pretraining.
        original_max_len: usize,
    },
}

/// Configuration of [`Rotary`] embeddings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotaryConfig {
    d_head: usize,
    base: f64,
    pairing: RotaryPairing,
    scaling: RotaryScaling,
    rotated: usize,
}

impl RotaryConfig {
    /// Rotary embeddings for heads of `d_head` features, all of which are rotated: base 10,000, half-split pairs, no
    /// scaling.
    pub fn new(d_head: usize) -> Self {
        Self {
            d_head,
            base: 10_000.0,
            pairing: RotaryPairing::default(),
            scaling: RotaryScaling::default(),
            rotated: d_head,
        }
    }

    /// The base of the frequencies: pair i rotates by base^(−2i/d) radians per position. Default: 10,000.
    pub fn with_base(mut self, base: f64) -> Self {
        self.base = base;
        self
    }

    /// Which features form a pair. Default: [`RotaryPairing::HalfSplit`].
    pub fn with_pairing(mut self, pairing: RotaryPairing) -> Self {
        self.pairing = pairing;
        self
    }

    /// How frequencies are scaled. Default: [`RotaryScaling::None`].
    pub fn with_scaling(mut self, scaling: RotaryScaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// The number of features to rotate; the others are unchanged (GPT-NeoX, Phi). Default: `d_head`.
    pub fn with_rotated_dims(mut self, rotated: usize) -> Self {
        self.rotated = rotated;
        self
    }

    /// The number of features of a head.
    pub fn d_head(&self) -> usize {
        self.d_head
    }

    /// The number of features to rotate.
    pub fn rotated_dims(&self) -> usize {
        self.rotated
    }

    /// The base of the frequencies.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// Which features form a pair.
    pub fn pairing(&self) -> RotaryPairing {
        self.pairing
    }

    /// How frequencies are scaled.
    pub fn scaling(&self) -> RotaryScaling {
        self.scaling
    }

    /// The rotary embeddings. They have no parameters, so this takes no device.
    ///
    /// # Panics
    /// If the number of features to rotate is odd, zero or greater than `d_head`.
    pub fn init(&self) -> Rotary {
        let Self { d_head, rotated, .. } = *self;
        assert!(
            rotated > 0 && rotated <= d_head && rotated.is_multiple_of(2),
            "rotated_dims ({rotated}) must be even, greater than 0 and at most d_head ({d_head})"
        );
        Rotary { config: self.clone(), frequencies: self.frequencies(0) }
    }

    /// The rotation of each pair in radians per position, for a sequence of `len` tokens.
    fn frequencies(&self, len: usize) -> Vec<f64> {
        let d = self.rotated as f64;
        let growth = match self.scaling {
            RotaryScaling::Ntk { factor } => factor,
            RotaryScaling::Dynamic { factor, original_max_len } => {
                let longer = len.max(original_max_len) as f64 / original_max_len as f64;
                factor * longer - factor + 1.0
            }
            RotaryScaling::None | RotaryScaling::Linear { .. } | RotaryScaling::Llama3 { .. } => {
                1.0
            }
        };
        let base = self.base * growth.powf(d / (d - 2.0));
        let frequency = |i: usize| self.scaling.scale(base.powf(-2.0 * i as f64 / d));
        (0..self.rotated / 2).map(frequency).collect()
    }
}

impl RotaryScaling {
    fn scale(self, frequency: f64) -> f64 {
        match self {
            Self::None | Self::Ntk { .. } | Self::Dynamic { .. } => frequency,
            Self::Linear { factor } => frequency / factor,
            Self::Llama3 { factor, low_freq_factor, high_freq_factor, original_max_len } => {
                let rotations = original_max_len as f64 * frequency / TAU;
                let kept = (rotations - low_freq_factor) / (high_freq_factor - low_freq_factor);
                let kept = kept.clamp(0.0, 1.0);
                frequency * (kept + (1.0 - kept) / factor)
            }
        }
    }
}

/// Rotates each pair of features of queries and keys by an angle proportional to the position, so that dot products
/// depend only on the distance (Su et al. 2021, section 3.2).
#[derive(Module, Debug)]
pub struct Rotary {
    #[module(skip)]
    config: RotaryConfig,
    /// The frequencies for sequences that are not longer than in training.
    #[module(skip)]
    frequencies: Vec<f64>,
}

impl Rotary {
    /// Applies rotary embeddings to heads at positions `start..start + len`.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, len, heads, d_head]`
    ///
    /// # Panics
    /// If `x` does not have `d_head` features.
    pub fn forward(&self, x: Tensor<4>, start: usize) -> Tensor<4> {
        let [_, len, _, d_head] = x.dims();
        assert!(
            d_head == self.config.d_head,
            "x {:?} must have d_head ({}) features: [batch, len, heads, d_head]",
            x.dims(),
            self.config.d_head
        );
        let rotated = 2 * self.frequencies.len();
        let first = self.rotate(x.clone().narrow(3, 0, rotated), start, len);
        if rotated == d_head {
            return first;
        }
        Tensor::cat(vec![first, x.narrow(3, rotated, d_head - rotated)], 3)
    }

    /// (a, b) becomes (a·cos − b·sin, b·cos + a·sin) for each pair.
    fn rotate(&self, x: Tensor<4>, start: usize, len: usize) -> Tensor<4> {
        let [batch, _, heads, rotated] = x.dims();
        let pairs = rotated / 2;
        let frequencies = match self.config.scaling {
            RotaryScaling::Dynamic { original_max_len, .. } if start + len > original_max_len => {
                &self.config.frequencies(start + len)
            }
            RotaryScaling::None
            | RotaryScaling::Linear { .. }
            | RotaryScaling::Ntk { .. }
            | RotaryScaling::Dynamic { .. }
            | RotaryScaling::Llama3 { .. } => &self.frequencies,
        };
        let angles = |f: fn(f64) -> f64| {
            let values: Vec<f32> = (start..start + len)
                .flat_map(|position| {
                    frequencies.iter().map(move |frequency| f(position as f64 * frequency) as f32)
                })
                .collect();
            TensorData::new(values, [1, len, 1, pairs])
        };
        let device = x.device();
        let cos = Tensor::<4>::from_data(angles(f64::cos), &device);
        let sin = Tensor::<4>::from_data(angles(f64::sin), &device);
        let rotate_pairs = |a: Tensor<4>, b: Tensor<4>| {
            let first = a.clone() * cos.clone() - b.clone() * sin.clone();
            (first, b * cos + a * sin)
        };
        match self.config.pairing {
            RotaryPairing::HalfSplit => {
                let (a, b) = rotate_pairs(x.clone().narrow(3, 0, pairs), x.narrow(3, pairs, pairs));
                Tensor::cat(vec![a, b], 3)
            }
            RotaryPairing::Interleaved => {
                let x = x.reshape([batch, len, heads, pairs, 2]);
                let half = |at| x.clone().narrow(4, at, 1).reshape([batch, len, heads, pairs]);
                let (a, b) = rotate_pairs(half(0), half(1));
                Tensor::stack::<5>(vec![a, b], 4).reshape([batch, len, heads, rotated])
            }
        }
    }
}
