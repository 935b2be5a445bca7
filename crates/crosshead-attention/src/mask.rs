//! Attention masks.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use crosshead_kernels::Reach;

/// Which keys each query may attend to.
///
/// A mask is combined from parts; a key is visible if every part shows it. The default hides nothing.
///
/// This is the only type that defines the polarity of a mask.
#[derive(Clone, Debug, Default)]
pub struct AttentionMask {
    causal: bool,
    window: Option<usize>,
    /// The first visible key of each row, `[batch]`.
    key_starts: Option<Tensor<1, Int>>,
    /// Added to the scores; −∞ hides a key: `[batch or 1, n_heads or 1, q_len or 1, k_len]`.
    bias: Option<Tensor<4>>,
}

impl AttentionMask {
    /// A mask that hides nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// A causal mask: position i attends to positions up to i (Vaswani et al. 2017, section 3.2.3).
    pub fn causal() -> Self {
        Self::none().with_causal()
    }

    /// Additionally hides the keys after each query.
    pub fn with_causal(mut self) -> Self {
        self.causal = true;
        self
    }

    /// Additionally hides keys at a distance of `window` or more (Beltagy, Peters & Cohan 2020). If several windows are
    /// set, the smallest applies.
    ///
    /// # Panics
    /// If `window` is 0.
    pub fn with_window(mut self, window: usize) -> Self {
        assert!(window > 0, "window (0) must be at least 1: a position always attends to itself");
        self.window = Some(self.window.map_or(window, |present| present.min(window)));
        self
    }

    /// Additionally hides the keys of row b before `starts[b]`, for batches that are padded on the left.
    ///
    /// The number of keys may grow during decoding. If a row has several starts, the greatest applies.
    ///
    /// # Panics
    /// If the mask already has starts for a different number of rows.
    pub fn with_key_starts(mut self, starts: &[usize], device: &Device) -> Self {
        if starts.iter().any(|&start| start > 0) {
            let starts: Vec<i32> = starts.iter().map(|&start| start as i32).collect();
            let starts = Tensor::<1, Int>::from_data(&*starts, device);
            self.key_starts = Some(match self.key_starts {
                Some(present) => {
                    let ([rows], [present_rows]) = (starts.dims(), present.dims());
                    assert!(
                        rows == present_rows,
                        "starts of {rows} rows do not match the mask, which has {present_rows}"
                    );
                    starts.max_pair(present)
                }
                None => starts,
            });
        }
        self
    }

    /// A padding mask: row b attends to its first `lengths[b]` keys.
    ///
    /// # Panics
    /// If a length exceeds `k_len`.
    pub fn key_lengths(lengths: &[usize], k_len: usize, device: &Device) -> Self {
        Self::none().with_key_lengths(lengths, k_len, device)
    }

    /// Additionally hides all but the first `lengths[b]` keys of row b, for batches that are padded on the right.
    ///
    /// # Panics
    /// If a length exceeds `k_len`, or the mask already has a part of a different shape.
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

    /// Additionally adds `bias` to the scores; −∞ hides a key.
    ///
    /// # Shapes
    /// - `bias`: `[batch or 1, n_heads or 1, q_len or 1, k_len]`
    ///
    /// # Panics
    /// If the mask already has a part of a different shape, such as the lengths of a different number of rows.
    pub fn with_bias(mut self, bias: Tensor<4>) -> Self {
        self.bias = Some(match self.bias {
            Some(present) => {
                let (new, old) = (bias.dims(), present.dims());
                let fits =
                    new.iter().zip(old).all(|(&new, old)| new == old || new == 1 || old == 1);
                assert!(
                    fits && new[3] == old[3],
                    "a bias {new:?} does not match the mask {old:?}: {BIAS_SHAPE}"
                );
                present + bias
            }
            None => bias,
        });
        self
    }

    /// Additionally hides the keys for which `allowed` is false.
    ///
    /// # Shapes
    /// - `allowed`: `[batch or 1, n_heads or 1, q_len or 1, k_len]`
    ///
    /// # Panics
    /// If the mask already has a part of a different shape.
    pub fn with_allowed(self, allowed: Tensor<4, Bool>) -> Self {
        let bias = Tensor::<4>::zeros(allowed.shape(), &allowed.device());
        self.with_bias(bias.mask_fill(allowed.bool_not(), f32::NEG_INFINITY))
    }

    /// The same mask, specialized to `k_len` keys, so that the layers of a stack do not repeat this work.
    pub fn prepared(mut self, k_len: usize) -> Self {
        match self.key_starts.take() {
            Some(starts) => self.with_bias(hidden_before(starts, k_len)),
            None => self,
        }
    }

    /// The mask of a new batch, in which row i is row `rows[i]` of this batch.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        let bias = self.bias.clone().map(|bias| match bias.dims() {
            [1, ..] => bias,
            [_, ..] => bias.select(0, rows.clone()),
        });
        let key_starts = self.key_starts.clone().map(|starts| starts.select(0, rows));
        Self { bias, key_starts, ..*self }
    }

    /// The bias for scores of the given shape, `[batch, n_heads, q_len, k_len]`.
    ///
    /// # Panics
    /// If the shape of the mask does not match.
    pub(crate) fn bias(&self, scores: [usize; 4]) -> Option<Tensor<4>> {
        let [.., k_len] = scores;
        let bias = self.clone().prepared(k_len).bias?;
        let dims = bias.dims();
        let fits = dims.iter().zip(scores).all(|(&size, full)| size == full || size == 1);
        assert!(
            fits && dims[3] == k_len,
            "a mask {dims:?} does not match scores {scores:?}: {BIAS_SHAPE}"
        );
        Some(bias)
    }

    /// The keys that queries starting at position `offset` may attend to, judging by their positions alone.
    pub(crate) fn reach(&self, offset: usize) -> Reach {
        Reach { offset, causal: self.causal, window: self.window }
    }
}

/// The shape of a bias.
const BIAS_SHAPE: &str = "[batch or 1, n_heads or 1, q_len or 1, k_len]";

/// −∞ for the keys of each row before its start, `[batch, 1, 1, k_len]`.
fn hidden_before(starts: Tensor<1, Int>, k_len: usize) -> Tensor<4> {
    let [batch] = starts.dims();
    let device = starts.device();
    let keys = Tensor::<1, Int>::arange(0..k_len as i64, &device).reshape([1, k_len]);
    let hidden =
        keys.expand([batch, k_len]).lower(starts.reshape([batch, 1]).expand([batch, k_len]));
    Tensor::<2>::zeros([batch, k_len], &device)
        .mask_fill(hidden, f32::NEG_INFINITY)
        .reshape([batch, 1, 1, k_len])
}
