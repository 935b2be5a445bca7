//! The residual connection and the norm after it in one pass (Vaswani et al. 2017, "Add & Norm" in figure 1).

use burn::tensor::Tensor;

use super::dropout::plain_sum;
use crate::args::dropout::DropoutMask;
use crate::args::norm::NormWeights;
use crate::random::Mode;

/// norm(`residual` + dropout(`x`)): the end of a sub-layer in post-norm order.
///
/// # Shapes
/// - `residual`, `x` and output: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not match or `p` is outside [0, 1).
pub fn add_norm(
    residual: Tensor<2>,
    x: Tensor<2>,
    p: f32,
    mode: Mode,
    norm: NormWeights,
) -> Tensor<2> {
    check(&residual, &x, &norm);
    let mask = DropoutMask::active(p, mode);
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::ops::norm::add_norm(residual, x, mask, norm);
    }
    let [_, normalized] = plain(residual, x, mask, norm);
    normalized
}

/// The sum `residual` + dropout(`x`) and its norm: the end of one sub-layer and the start of the next, in pre-norm
/// order.
///
/// # Shapes
/// - `residual`, `x` and both outputs: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not match or `p` is outside [0, 1).
pub fn add_then_norm(
    residual: Tensor<2>,
    x: Tensor<2>,
    p: f32,
    mode: Mode,
    norm: NormWeights,
) -> [Tensor<2>; 2] {
    check(&residual, &x, &norm);
    let mask = DropoutMask::active(p, mode);
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::ops::norm::add_then_norm(residual, x, mask, norm);
    }
    plain(residual, x, mask, norm)
}

fn check(residual: &Tensor<2>, x: &Tensor<2>, norm: &NormWeights) {
    let (left, right) = (residual.dims(), x.dims());
    assert!(left == right, "residual {left:?} and x {right:?} must have the same shape");
    norm.check(x);
}

/// The sum and its norm.
pub(crate) fn plain(
    residual: Tensor<2>,
    x: Tensor<2>,
    mask: Option<DropoutMask>,
    norm: NormWeights,
) -> [Tensor<2>; 2] {
    let sum = plain_sum(residual, x, mask);
    [sum.clone(), norm.plain(sum)]
}
