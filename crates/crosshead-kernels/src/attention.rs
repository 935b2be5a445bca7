//! Scaled dot-product attention, the only place that holds softmax(QKᵀ).

use burn::tensor::{Tensor, TensorData};

use crate::dropout::{active, plain as dropout};
use crate::random::Mode;

/// What scaled dot-product attention needs besides its tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionOptions {
    /// The factor of QKᵀ; 1/√d_head in the paper.
    pub scale: f32,
    /// With `Some(offset)`, query i sees keys 0 to `offset + i`: the offset is the first query's position.
    pub causal: Option<usize>,
    /// The probability with which an attention weight is dropped in training.
    pub dropout: f32,
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
    if crate::flex::is_flex(&q) {
        return crate::flex::attention::attention(q, k, v, bias, options, mode);
    }
    plain(q, k, v, bias, options, mode)
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
    let [_, q_len, n_heads, _] = q.dims();
    let [_, k_len, n_kv_heads, _] = k.dims();
    let heads_first = |x: Tensor<4>| x.swap_dims(1, 2); // [batch, heads, len, d_head]
    let (k, v) = (
        repeat_heads(heads_first(k), n_heads / n_kv_heads),
        repeat_heads(heads_first(v), n_heads / n_kv_heads),
    );
    let mut scores = heads_first(q).matmul(k.transpose()) * options.scale; // [batch, n_heads, q_len, k_len]
    if let Some(bias) = bias {
        scores = scores + bias;
    }
    if let Some(offset) = options.causal {
        let bias: Vec<f32> = (0..q_len)
            .flat_map(|i| {
                (0..k_len).map(move |j| if j <= offset + i { 0.0 } else { f32::NEG_INFINITY })
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
    let mut weights = weights / total;
    if let Some(key) = active(options.dropout, mode) {
        weights = dropout(weights, options.dropout, key);
    }
    weights.matmul(v).swap_dims(1, 2) // [batch, q_len, n_heads, d_value]
}

/// Each key/value head once for every query head that reads it.
fn repeat_heads(x: Tensor<4>, times: usize) -> Tensor<4> {
    if times == 1 {
        return x;
    }
    let [batch, heads, len, d_head] = x.dims();
    x.unsqueeze_dim::<5>(2).repeat_dim(2, times).reshape([batch, heads * times, len, d_head])
}
