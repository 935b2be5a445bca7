//! Scaled dot-product attention, the only place that holds softmax(QKᵀ).

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};

use crate::dropout::{active, plain as dropout};
use crate::random::Mode;

/// What scaled dot-product attention needs besides its tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionOptions {
    /// The factor of QKᵀ; 1/√d_head in the paper.
    pub scale: f32,
    /// The keys that a query sees by its position.
    pub reach: Reach,
    /// With `Some(c)`, a score s becomes c·tanh(s / c) before the bias is added (Gemma 2).
    ///
    /// Under autodiff such a call takes the plain body, which holds the scores of all pairs.
    pub soft_cap: Option<f32>,
    /// The probability with which an attention weight is dropped in training.
    pub dropout: f32,
}

impl AttentionOptions {
    /// Every query sees every key, and nothing is dropped.
    pub fn new(scale: f32) -> Self {
        Self { scale, reach: Reach::default(), soft_cap: None, dropout: 0.0 }
    }
}

/// The keys that a query sees by its position: query i stands at position `offset + i`, key j at position j.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The position of the first query.
    pub offset: usize,
    /// Whether keys behind the query are hidden.
    pub causal: bool,
    /// With `Some(window)`, the query sees keys at a distance below `window`.
    pub window: Option<usize>,
}

impl Reach {
    /// A query sees its own position, which is `offset + i`, and those before it.
    pub fn causal(offset: usize) -> Self {
        Self { offset, causal: true, window: None }
    }

    /// The keys that query `query` sees among `k_len`.
    #[inline]
    pub fn keys(self, query: usize, k_len: usize) -> Range<usize> {
        let position = self.offset + query;
        let end = match (self.causal, self.window) {
            (true, _) => position + 1,
            (false, Some(window)) => position.saturating_add(window),
            (false, None) => k_len,
        };
        let start = self.window.map_or(0, |window| (position + 1).saturating_sub(window));
        start.min(k_len)..end.min(k_len).max(start.min(k_len))
    }

    /// Whether some query does not see all keys.
    fn hides(self, q_len: usize, k_len: usize) -> bool {
        (0..q_len).any(|query| self.keys(query, k_len) != (0..k_len))
    }
}

/// softmax(scale · QKᵀ + bias)·V (Vaswani et al. 2017, equation 1), for every head.
///
/// Query head h reads key/value head h / (n_heads / n_kv_heads). The bias is added to the scores; −∞ hides a key.
/// A query that sees no key at all yields zeros.
///
/// # Shapes
/// - `q`: `[batch, q_len, n_heads, d_head]`
/// - `k`: `[batch, k_len, n_kv_heads, d_head]`, `v`: `[batch, k_len, n_kv_heads, d_value]`
/// - `bias`: `[batch or 1, n_heads or 1, q_len or 1, k_len]`
/// - output: `[batch, q_len, n_heads, d_value]`
///
/// # Panics
/// If the shapes do not fit each other.
pub fn attention(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    bias: Option<Tensor<4>>,
    options: AttentionOptions,
    mode: Mode,
) -> Tensor<4> {
    check(&q, &k, &v, bias.as_ref());
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&q) && !(options.soft_cap.is_some() && q.is_autodiff()) {
        return crate::flex::attention::attention(q, k, v, bias, options, mode);
    }
    plain(q, k, v, bias, options, mode)
}

/// The weights of [`attention`], without dropout: softmax(scale · QKᵀ + bias). They take memory for every pair of a query
/// and a key, which attention itself does not.
///
/// # Shapes
/// - as in [`attention`]
/// - output: `[batch, n_heads, q_len, k_len]`
///
/// # Panics
/// If the shapes do not fit each other.
pub fn attention_weights(
    q: Tensor<4>,
    k: Tensor<4>,
    bias: Option<Tensor<4>>,
    options: AttentionOptions,
) -> Tensor<4> {
    check(&q, &k, &k, bias.as_ref());
    weights(q, k, bias, options)
}

fn check(q: &Tensor<4>, k: &Tensor<4>, v: &Tensor<4>, bias: Option<&Tensor<4>>) {
    let [batch, q_len, n_heads, d_head] = q.dims();
    let [k_batch, k_len, n_kv_heads, k_head] = k.dims();
    let [v_batch, v_len, v_heads, _] = v.dims();
    assert!(
        [k_batch, v_batch, k_head, v_len, v_heads] == [batch, batch, d_head, k_len, n_kv_heads],
        "q {:?}, k {:?} and v {:?} do not fit: [batch, len, heads, d_head]",
        q.dims(),
        k.dims(),
        v.dims()
    );
    assert!(
        n_kv_heads > 0 && n_heads % n_kv_heads == 0,
        "n_heads ({n_heads}) must be a multiple of n_kv_heads ({n_kv_heads})"
    );
    if let Some(bias) = bias {
        let full = [batch, n_heads, q_len, k_len];
        let fits = bias.dims().iter().zip(full).all(|(&size, full)| size == full || size == 1);
        assert!(
            fits && bias.dims()[3] == k_len,
            "bias {:?} does not fit scores {full:?}",
            bias.dims()
        );
    }
}

pub(crate) fn plain(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    bias: Option<Tensor<4>>,
    options: AttentionOptions,
    mode: Mode,
) -> Tensor<4> {
    let [_, _, n_heads, _] = q.dims();
    let mut weights = weights(q, k, bias, options);
    if let Some(key) = active(options.dropout, mode) {
        weights = dropout(weights, options.dropout, key);
    }
    weights.matmul(heads_first(v, n_heads)).swap_dims(1, 2) // [batch, q_len, n_heads, d_value]
}

/// `[batch, n_heads, q_len, k_len]`
fn weights(
    q: Tensor<4>,
    k: Tensor<4>,
    bias: Option<Tensor<4>>,
    options: AttentionOptions,
) -> Tensor<4> {
    let [_, q_len, n_heads, _] = q.dims();
    let [_, k_len, ..] = k.dims();
    let k = heads_first(k, n_heads).transpose(); // [batch, n_heads, d_head, k_len]
    let mut scores = heads_first(q, n_heads).matmul(k) * options.scale; // [batch, n_heads, q_len, k_len]
    if let Some(cap) = options.soft_cap {
        scores = (scores / cap).tanh() * cap;
    }
    if let Some(bias) = bias {
        scores = scores + bias;
    }
    if options.reach.hides(q_len, k_len) {
        let bias: Vec<f32> = (0..q_len)
            .flat_map(|query| {
                let seen = options.reach.keys(query, k_len);
                (0..k_len).map(move |key| if seen.contains(&key) { 0.0 } else { f32::NEG_INFINITY })
            })
            .collect();
        let bias =
            Tensor::<4>::from_data(TensorData::new(bias, [1, 1, q_len, k_len]), &scores.device());
        scores = scores + bias;
    }
    // Finite in place of −∞, so that a row without a visible key gives exp(0) times zero and not NaN.
    let visible = scores.clone().greater_elem(f32::NEG_INFINITY).float();
    let peak = scores.clone().detach().max_dim(3).clamp_min(f32::MIN);
    let weights = (scores.clamp_min(f32::MIN) - peak).exp() * visible;
    let total = weights.clone().sum_dim(3).clamp_min(f32::MIN_POSITIVE);
    weights / total
}

/// `[batch, n_heads, len, d_head]`: each key/value head once for every query head that reads it.
fn heads_first(x: Tensor<4>, n_heads: usize) -> Tensor<4> {
    let x = x.swap_dims(1, 2);
    let [batch, heads, len, d_head] = x.dims();
    if heads == n_heads {
        return x;
    }
    let times = n_heads / heads;
    x.unsqueeze_dim::<5>(2).repeat_dim(2, times).reshape([batch, n_heads, len, d_head])
}
