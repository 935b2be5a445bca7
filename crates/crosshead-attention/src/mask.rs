//! Which key each query may attend to.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Which key each query may attend to: the only place that knows a mask's polarity.
///
/// A mask is put together from parts, and a key is visible where every part shows it. The default shows
/// everything.
#[derive(Clone, Debug, Default)]
pub struct AttentionMask {
    causal: bool,
    /// Added to the scores, −∞ hides: `[batch or 1, n_heads or 1, q_len or 1, k_len]`.
    bias: Option<Tensor<4>>,
}

impl AttentionMask {
    /// A mask that hides nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// A mask by which position i sees positions up to i (Vaswani et al. 2017, section 3.2.3).
    pub fn causal() -> Self {
        Self { causal: true, bias: None }
    }

    /// A mask by which row b sees its first `lengths[b]` keys alone: the rest is padding.
    ///
    /// # Panics
    /// If a length exceeds `k_len`.
    pub fn key_lengths(lengths: &[usize], k_len: usize, device: &Device) -> Self {
        Self::none().with_key_lengths(lengths, k_len, device)
    }

    /// The same mask that also hides row b's keys from `lengths[b]` on.
    ///
    /// # Panics
    /// If a length exceeds `k_len`.
    pub fn with_key_lengths(self, lengths: &[usize], k_len: usize, device: &Device) -> Self {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        assert!(longest <= k_len, "key length ({longest}) must not exceed k_len ({k_len})");
        if lengths.iter().all(|&length| length == k_len) {
            return self;
        }
        let hidden = |shown: bool| if shown { 0.0 } else { f32::NEG_INFINITY };
        let bias: Vec<f32> = lengths
            .iter()
            .flat_map(|&length| (0..k_len).map(move |key| hidden(key < length)))
            .collect();
        self.with_bias(Tensor::from_data(
            TensorData::new(bias, [lengths.len(), 1, 1, k_len]),
            device,
        ))
    }

    /// The same mask with `bias` added to the scores; −∞ hides a key.
    ///
    /// # Shapes
    /// - `bias`: `[batch or 1, n_heads or 1, q_len or 1, k_len]`
    pub fn with_bias(mut self, bias: Tensor<4>) -> Self {
        self.bias = Some(match self.bias {
            Some(present) => present + bias,
            None => bias,
        });
        self
    }

    /// The mask of a new batch whose row i is row `rows[i]` of this one.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        let bias = self
            .bias
            .clone()
            .map(|bias| if bias.dims()[0] == 1 { bias } else { bias.select(0, rows) });
        Self { causal: self.causal, bias }
    }

    /// What is added to the scores.
    pub(crate) fn bias(&self) -> Option<Tensor<4>> {
        self.bias.clone()
    }

    /// The causal limit of queries that start at position `start`, as the kernel takes it.
    pub(crate) fn causal_offset(&self, start: usize) -> Option<usize> {
        self.causal.then_some(start)
    }
}
