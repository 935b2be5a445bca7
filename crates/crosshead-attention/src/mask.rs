//! Which key each query may attend to.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use crosshead_kernels::Reach;

/// Which key each query may attend to: the only place that knows a mask's polarity.
///
/// A mask is put together from parts, and a key is visible where every part shows it. The default shows
/// everything.
#[derive(Clone, Debug, Default)]
pub struct AttentionMask {
    causal: bool,
    window: Option<usize>,
    /// The first visible key of each row, `[batch]`.
    key_starts: Option<Tensor<1, Int>>,
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
        Self::none().with_causal()
    }

    /// The same mask that also hides the keys after each query.
    pub fn with_causal(mut self) -> Self {
        self.causal = true;
        self
    }

    /// The same mask that also hides keys at a distance of `window` or more (Beltagy, Peters & Cohan 2020); of several
    /// windows the smallest holds.
    ///
    /// # Panics
    /// If `window` is 0.
    pub fn with_window(mut self, window: usize) -> Self {
        assert!(window > 0, "window (0) must be at least 1: a position sees itself");
        self.window = Some(self.window.map_or(window, |present| present.min(window)));
        self
    }

    /// The same mask that also hides row b's keys before `starts[b]`: rows of different length that end together are
    /// padded on the left.
    ///
    /// The number of keys may grow while decoding. Of several starts of a row the last one holds.
    ///
    /// # Panics
    /// If the mask has starts of another number of rows.
    pub fn with_key_starts(mut self, starts: &[usize], device: &Device) -> Self {
        if starts.iter().any(|&start| start > 0) {
            let starts: Vec<i32> = starts.iter().map(|&start| start as i32).collect();
            let starts = Tensor::<1, Int>::from_data(&*starts, device);
            self.key_starts = Some(match self.key_starts {
                Some(present) => {
                    let ([rows], [present_rows]) = (starts.dims(), present.dims());
                    assert!(
                        rows == present_rows,
                        "starts of {rows} rows do not fit the mask's {present_rows}"
                    );
                    starts.max_pair(present)
                }
                None => starts,
            });
        }
        self
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
    ///
    /// # Panics
    /// If the mask already holds something of another size, such as lengths of other rows.
    pub fn with_bias(mut self, bias: Tensor<4>) -> Self {
        self.bias = Some(match self.bias {
            Some(present) => {
                let (new, old) = (bias.dims(), present.dims());
                let fits =
                    new.iter().zip(old).all(|(&new, old)| new == old || new == 1 || old == 1);
                assert!(
                    fits && new[3] == old[3],
                    "a bias {new:?} does not fit the mask's {old:?}: {BIAS_SHAPE}"
                );
                present + bias
            }
            None => bias,
        });
        self
    }

    /// The same mask that also hides the keys for which `allowed` is false.
    ///
    /// # Shapes
    /// - `allowed`: `[batch or 1, n_heads or 1, q_len or 1, k_len]`
    pub fn with_allowed(self, allowed: Tensor<4, Bool>) -> Self {
        let bias = Tensor::<4>::zeros(allowed.shape(), &allowed.device());
        self.with_bias(bias.mask_fill(allowed.bool_not(), f32::NEG_INFINITY))
    }

    /// The same mask for `k_len` keys: what the layers of a stack share is worked out once.
    pub fn prepared(mut self, k_len: usize) -> Self {
        match self.key_starts.take() {
            Some(starts) => self.with_bias(hidden_before(starts, k_len)),
            None => self,
        }
    }

    /// The mask of a new batch whose row i is row `rows[i]` of this one.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        let bias = self.bias.clone().map(|bias| match bias.dims() {
            [1, ..] => bias,
            [_, ..] => bias.select(0, rows.clone()),
        });
        let key_starts = self.key_starts.clone().map(|starts| starts.select(0, rows));
        Self { bias, key_starts, ..*self }
    }

    /// What is added to scores of the given shape, `[batch, n_heads, q_len, k_len]`.
    ///
    /// # Panics
    /// If the mask does not fit them.
    pub(crate) fn bias(&self, scores: [usize; 4]) -> Option<Tensor<4>> {
        let [.., k_len] = scores;
        let bias = self.clone().prepared(k_len).bias?;
        let dims = bias.dims();
        let fits = dims.iter().zip(scores).all(|(&size, full)| size == full || size == 1);
        assert!(
            fits && dims[3] == k_len,
            "a mask {dims:?} does not fit scores {scores:?}: {BIAS_SHAPE}"
        );
        Some(bias)
    }

    /// The keys that queries from position `offset` on see by their position.
    pub(crate) fn reach(&self, offset: usize) -> Reach {
        Reach { offset, causal: self.causal, window: self.window }
    }
}

/// The sizes of what is added to scores.
const BIAS_SHAPE: &str = "[batch or 1, n_heads or 1, q_len or 1, k_len]";

/// −∞ for each row's keys before its start, `[batch, 1, 1, k_len]`.
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
