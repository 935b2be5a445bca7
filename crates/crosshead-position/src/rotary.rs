//! Rotary positions.

use std::f64::consts::TAU;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Which features of a head form a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaryPairing {
    /// Features i and i + d/2, as in GPT-NeoX and Llama.
    #[default]
    HalfSplit,
    /// Features 2i and 2i + 1, as in the paper and GPT-J.
    Interleaved,
}

/// How angles are stretched for texts longer than those of training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaryScaling {
    /// Not at all.
    #[default]
    None,
    /// Positions are divided by `factor` (Chen et al. 2023).
    Linear {
        /// How many times longer texts become.
        factor: f64,
    },
    /// The base grows to base · factor^(d / (d − 2)), so that high frequencies stay (NTK-aware scaling, bloc97 2023).
    Ntk {
        /// How many times longer texts become.
        factor: f64,
    },
    /// The base grows with a text that is longer than those of training, n tokens instead of m: to base ·
    /// (factor · n/m − factor + 1)^(d / (d − 2)) (emozilla 2023). Keys that a cache holds keep the angles of when they
    /// were seen, as in transformers.
    Dynamic {
        /// How many times the base grows with the text.
        factor: f64,
        /// The longest text of training.
        original_max_len: usize,
    },
    /// Low frequencies are divided by `factor`, high ones stay, those between are blended (Llama 3.1).
    Llama3 {
        /// What low frequencies are divided by.
        factor: f64,
        /// Wavelengths longer than `original_max_len / low_freq_factor` are low frequencies.
        low_freq_factor: f64,
        /// Wavelengths shorter than `original_max_len / high_freq_factor` are high frequencies.
        high_freq_factor: f64,
        /// The longest text of the first training.
        original_max_len: usize,
    },
}

/// Configuration of [`Rotary`] positions.
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
    /// Positions for heads of `d_head` features, all of which rotate: base 10,000, half-split pairs, no scaling.
    pub fn new(d_head: usize) -> Self {
        Self {
            d_head,
            base: 10_000.0,
            pairing: RotaryPairing::default(),
            scaling: RotaryScaling::default(),
            rotated: d_head,
        }
    }

    /// The base of the frequencies: pair i rotates by base^(−2i/d) a position. Default: 10,000.
    pub fn with_base(mut self, base: f64) -> Self {
        self.base = base;
        self
    }

    /// Which features form a pair. Default: half-split.
    pub fn with_pairing(mut self, pairing: RotaryPairing) -> Self {
        self.pairing = pairing;
        self
    }

    /// How angles are stretched. Default: not at all.
    pub fn with_scaling(mut self, scaling: RotaryScaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// The number of features that rotate; the others stay as they are (GPT-NeoX, Phi). Default: all.
    pub fn with_rotated_dims(mut self, rotated: usize) -> Self {
        self.rotated = rotated;
        self
    }

    /// The features of a head.
    pub fn d_head(&self) -> usize {
        self.d_head
    }

    /// The number of features that rotate.
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

    /// How angles are stretched.
    pub fn scaling(&self) -> RotaryScaling {
        self.scaling
    }

    /// The positions. They have no tensors, so no device is asked for.
    ///
    /// # Panics
    /// If the number of features that rotate is odd, zero or above `d_head`.
    pub fn init(&self) -> Rotary {
        let Self { d_head, rotated, .. } = *self;
        assert!(
            rotated > 0 && rotated <= d_head && rotated.is_multiple_of(2),
            "rotated_dims ({rotated}) must be even, above 0 and at most d_head ({d_head})"
        );
        Rotary { config: self.clone(), frequencies: self.frequencies(0) }
    }

    /// Radians by which each pair rotates from one position to the next, in a text of `len` tokens.
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
        let frequency = |i: usize| self.scaling.stretch(base.powf(-2.0 * i as f64 / d));
        (0..self.rotated / 2).map(frequency).collect()
    }
}

impl RotaryScaling {
    fn stretch(self, frequency: f64) -> f64 {
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

/// Each pair of features of queries and keys rotated by an angle that grows with the position, so that their dot product
/// depends on the distance alone (Su et al. 2021, section 3.2).
#[derive(Module, Debug)]
pub struct Rotary {
    #[module(skip)]
    config: RotaryConfig,
    /// Those of texts no longer than in training.
    #[module(skip)]
    frequencies: Vec<f64>,
}

impl Rotary {
    /// The heads of positions `start` to `start + len - 1`, rotated.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, len, heads, d_head]`
    ///
    /// # Panics
    /// If `x` has other than `d_head` features.
    pub fn forward(&self, x: Tensor<4>, start: usize) -> Tensor<4> {
        let [_, len, _, d_head] = x.dims();
        assert!(
            d_head == self.config.d_head,
            "x {:?} must have d_head ({}) features",
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
