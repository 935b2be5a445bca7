//! Relative position biases (T5).

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Configuration of a [`RelativePositionBias`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelativePositionBiasConfig {
    n_heads: usize,
    n_buckets: usize,
    max_distance: usize,
    bidirectional: bool,
}

impl RelativePositionBiasConfig {
    /// The bias of T5 for `n_heads` heads: 32 buckets up to a distance of 128, bidirectional.
    pub fn new(n_heads: usize) -> Self {
        Self { n_heads, n_buckets: 32, max_distance: 128, bidirectional: true }
    }

    /// The number of buckets. Default: 32.
    pub fn with_n_buckets(mut self, n_buckets: usize) -> Self {
        self.n_buckets = n_buckets;
        self
    }

    /// The distance at and beyond which all distances share the last bucket. Default: 128.
    pub fn with_max_distance(mut self, max_distance: usize) -> Self {
        self.max_distance = max_distance;
        self
    }

    /// Whether keys after the query have separate buckets (encoders), or the bucket of distance 0 (decoders). Default:
    /// true.
    pub fn with_bidirectional(mut self, bidirectional: bool) -> Self {
        self.bidirectional = bidirectional;
        self
    }

    /// The number of heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// The number of buckets.
    pub fn n_buckets(&self) -> usize {
        self.n_buckets
    }

    /// The distance at and beyond which all distances share the last bucket.
    pub fn max_distance(&self) -> usize {
        self.max_distance
    }

    /// Whether keys after the query have separate buckets.
    pub fn bidirectional(&self) -> bool {
        self.bidirectional
    }

    /// The bias, filled with zeros: the model initializes it or loads it from a checkpoint.
    ///
    /// # Panics
    /// If there are too few buckets, or `max_distance` is not greater than the distances that have separate buckets.
    pub fn init(&self, device: &Device) -> RelativePositionBias {
        let Self { n_heads, n_buckets, max_distance, bidirectional } = *self;
        let exact = if bidirectional { n_buckets / 4 } else { n_buckets / 2 };
        assert!(
            exact > 0 && max_distance > exact,
            "n_buckets ({n_buckets}) and max_distance ({max_distance}) leave no buckets for long distances"
        );
        RelativePositionBias {
            weight: Param::from_tensor(Tensor::zeros([n_buckets, n_heads], device)),
            max_distance,
            bidirectional,
        }
    }
}

/// Adds a learned value for each head and distance bucket to the scores (Raffel et al. 2020, section 2.1).
#[derive(Module, Debug)]
pub struct RelativePositionBias {
    /// `[n_buckets, n_heads]`
    pub weight: Param<Tensor<2>>,
    #[module(skip)]
    max_distance: usize,
    #[module(skip)]
    bidirectional: bool,
}

impl RelativePositionBias {
    /// The bias for queries at positions `start..start + q_len` and keys at positions `0..k_len`.
    ///
    /// # Shapes
    /// - output: `[1, n_heads, q_len, k_len]`
    pub fn forward(&self, start: usize, q_len: usize, k_len: usize) -> Tensor<4> {
        let [_, n_heads] = self.weight.lazy_shape().dims();
        let buckets: Vec<i32> = (start..start + q_len)
            .flat_map(|query| (0..k_len).map(move |key| self.bucket(query, key) as i32))
            .collect();
        let buckets = TensorData::new(buckets, [q_len * k_len]);
        let buckets = Tensor::<1, Int>::from_data(buckets, &self.weight.lazy_device());
        let bias = self.weight.val().select(0, buckets); // [q_len · k_len, n_heads]
        bias.reshape([q_len, k_len, n_heads]).permute([2, 0, 1]).unsqueeze() // [1, n_heads, q_len, k_len]
    }

    /// The bucket of a distance: a separate bucket for each short distance, and logarithmically growing buckets for
    /// longer ones.
    fn bucket(&self, query: usize, key: usize) -> usize {
        let [n_buckets, _] = self.weight.lazy_shape().dims();
        let (n_buckets, first, distance) = match self.bidirectional {
            true => {
                let half = n_buckets / 2;
                (half, if key > query { half } else { 0 }, query.abs_diff(key))
            }
            false => (n_buckets, 0, query.saturating_sub(key)),
        };
        let exact = n_buckets / 2;
        if distance < exact {
            return first + distance;
        }
        // In f32, as in the reference implementation.
        let ratio =
            (distance as f32 / exact as f32).ln() / (self.max_distance as f32 / exact as f32).ln();
        let bucket = exact + (ratio * (n_buckets - exact) as f32) as usize;
        first + bucket.min(n_buckets - 1)
    }
}
