//! Scaled dot-product attention: the only place that computes softmax(QKᵀ).

use burn::tensor::{Tensor, TensorData};

use super::dropout::plain as dropout;
use crate::args::attention::AttentionOptions;
use crate::args::dropout::DropoutMask;
use crate::random::Mode;

/// softmax(scale · QKᵀ + bias)·V (Vaswani et al. 2017, equation 1), for every head.
///
/// Query head h reads key/value head h / (n_heads / n_kv_heads). The bias is added to the scores; −∞ hides a key.
/// The output of a query with no visible key is zero.
///
/// # Shapes
/// - `q`: `[batch, q_len, n_heads, d_head]`
/// - `k`: `[batch, k_len, n_kv_heads, d_head]`, `v`: `[batch, k_len, n_kv_heads, d_value]`
/// - `bias`: `[batch or 1, n_heads or 1, q_len or 1, k_len]`
/// - output: `[batch, q_len, n_heads, d_value]`
///
/// # Panics
/// If the shapes do not match or `options.dropout` is outside [0, 1).
pub fn attention(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    bias: Option<Tensor<4>>,
    options: AttentionOptions,
    mode: Mode,
) -> Tensor<4> {
    check(&q, &k, &v, bias.as_ref());
    let mask = DropoutMask::active(options.dropout, mode);
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&q) && !(options.soft_cap.is_some() && q.is_autodiff()) {
        return crate::flex::ops::attention::attention(q, k, v, bias, options, mask);
    }
    plain(q, k, v, bias, options, mask)
}

/// The attention weights softmax(scale · QKᵀ + bias), without dropout. Unlike [`attention`], this allocates memory for
/// every query-key pair.
///
/// # Shapes
/// - as in [`attention`]
/// - output: `[batch, n_heads, q_len, k_len]`
///
/// # Panics
/// If the shapes do not match.
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
        "q {:?}, k {:?} and v {:?} do not match: [batch, len, heads, d_head]",
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
            "bias {:?} does not match scores {full:?}",
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
    mask: Option<DropoutMask>,
) -> Tensor<4> {
    let [_, _, n_heads, _] = q.dims();
    let mut weights = weights(q, k, bias, options);
    if let Some(mask) = mask {
        weights = dropout(weights, mask);
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
    // −∞ is replaced with finite values, so that a row without a visible key gives exp(0) · 0 instead of NaN.
    let visible = scores.clone().greater_elem(f32::NEG_INFINITY).float();
    let peak = scores.clone().detach().max_dim(3).clamp_min(f32::MIN);
    let weights = (scores.clamp_min(f32::MIN) - peak).exp() * visible;
    let total = weights.clone().sum_dim(3).clamp_min(f32::MIN_POSITIVE);
    weights / total
}

/// `[batch, n_heads, len, d_head]`, with each key/value head repeated for every query head that reads it.
fn heads_first(x: Tensor<4>, n_heads: usize) -> Tensor<4> {
    let x = x.swap_dims(1, 2);
    let [batch, heads, len, d_head] = x.dims();
    if heads == n_heads {
        return x;
    }
    let times = n_heads / heads;
    x.unsqueeze_dim::<5>(2).repeat_dim(2, times).reshape([batch, n_heads, len, d_head])
}
