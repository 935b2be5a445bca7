//! Attention with linear biases (ALiBi).

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Configuration of [`Alibi`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlibiConfig {
    n_heads: usize,
}

impl AlibiConfig {
    /// ALiBi for `n_heads` heads.
    pub fn new(n_heads: usize) -> Self {
        Self { n_heads }
    }

    /// The number of heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// The slopes. They are not tensors, so this takes no device.
    pub fn init(&self) -> Alibi {
        Alibi { slopes: slopes(self.n_heads) }
    }
}

/// The slope of each head: 2^(−8/n), 2^(−16/n), … for n heads. If n is not a power of two: the slopes for the next
/// lower power, then every second slope for the next higher power.
fn slopes(n_heads: usize) -> Vec<f64> {
    let geometric = |n: usize, h: usize| 2_f64.powf(-8.0 * h as f64 / n as f64);
    let below = if n_heads.is_power_of_two() { n_heads } else { n_heads.next_power_of_two() / 2 };
    let first = (1..=below).map(|h| geometric(below, h));
    let rest = (0..n_heads - below).map(|i| geometric(2 * below, 2 * i + 1));
    first.chain(rest).collect()
}

/// Adds −slope · |distance| to the scores of each head (Press, Smith & Lewis 2022, section 3).
#[derive(Module, Debug)]
pub struct Alibi {
    #[module(skip)]
    slopes: Vec<f64>,
}

impl Alibi {
    /// The bias for queries at positions `start..start + q_len` and keys at positions `0..k_len`.
    ///
    /// # Shapes
    /// - output: `[1, n_heads, q_len, k_len]`
    pub fn forward(&self, start: usize, q_len: usize, k_len: usize, device: &Device) -> Tensor<4> {
        let mut values = Vec::with_capacity(self.slopes.len() * q_len * k_len);
        for slope in &self.slopes {
            for query in start..start + q_len {
                values.extend((0..k_len).map(|key| (-slope * query.abs_diff(key) as f64) as f32));
            }
        }
        let shape = [1, self.slopes.len(), q_len, k_len];
        Tensor::from_data(TensorData::new(values, shape), device)
    }
}
