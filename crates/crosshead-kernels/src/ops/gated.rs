//! The gated linear unit: the first half of a gated feed-forward layer.

use burn::tensor::Tensor;

use super::linear;
use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;
#[cfg(feature = "flex")]
use crate::ops::int8::is_int8;

/// activation(x·W_gᵀ + b_g) ⊙ (x·Wᵀ + b) for each row (Shazeer 2020): SwiGLU with SiLU, GeGLU with GELU, ReGLU with
/// ReLU.
///
/// # Shapes
/// - `x`: `[rows, d_in]`, weights: `[d_out, d_in]`, biases: `[d_out]`
/// - output: `[rows, d_out]`
///
/// # Panics
/// If the shapes do not match.
pub fn gated_linear(
    x: Tensor<2>,
    gate: LinearWeights,
    up: LinearWeights,
    activation: Activation,
) -> Tensor<2> {
    gate.check(&x);
    up.check(&x);
    let (left, right) = (gate.weight.dims(), up.weight.dims());
    assert!(left == right, "gate {left:?} and up {right:?} must have the same shape");
    #[cfg(feature = "flex")]
    if is_int8(&gate.weight) && is_int8(&up.weight) && crate::flex::is_flex_without_autodiff(&x) {
        return crate::flex::ops::linear::int8::gated_linear(x, gate, up, activation);
    }
    let (gate, up) = (gate.dequantized(), up.dequantized());
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::ops::linear::gated_linear(x, gate, up, activation);
    }
    plain(x, gate, up, activation)
}

pub(crate) fn plain(
    x: Tensor<2>,
    gate: LinearWeights,
    up: LinearWeights,
    activation: Activation,
) -> Tensor<2> {
    let gate = linear::plain(x.clone(), gate.weight, gate.bias, activation);
    gate * linear::plain(x, up.weight, up.bias, Activation::Identity)
}
