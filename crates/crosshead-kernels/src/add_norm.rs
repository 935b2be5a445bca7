//! The residual connection and the norm behind it in one pass (Vaswani et al. 2017, "Add & Norm" in figure 1).

use burn::tensor::Tensor;

use crate::norm::NormWeights;
use crate::random::Mode;

/// norm(`residual` + dropout(`x`)): the way out of a sub-layer in post-norm order.
///
/// # Shapes
/// - `residual`, `x` and output: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not fit each other or `p` is outside [0, 1).
pub fn add_norm(
    residual: Tensor<2>,
    x: Tensor<2>,
    p: f32,
    mode: Mode,
    norm: NormWeights,
) -> Tensor<2> {
    check(&residual, &x, &norm);
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        let mask = crate::flex::dropout::Mask::active(p, mode);
        return crate::flex::norm::add_norm(residual, x, mask, norm);
    }
    let [_, normalized] = plain(residual, x, p, mode, norm);
    normalized
}

/// The sum `residual` + dropout(`x`) and its norm: the way out of one sub-layer and into the next in pre-norm order.
///
/// # Shapes
/// - `residual`, `x` and both outputs: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not fit each other or `p` is outside [0, 1).
pub fn add_then_norm(
    residual: Tensor<2>,
    x: Tensor<2>,
    p: f32,
    mode: Mode,
    norm: NormWeights,
) -> [Tensor<2>; 2] {
    check(&residual, &x, &norm);
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        let mask = crate::flex::dropout::Mask::active(p, mode);
        return crate::flex::norm::add_then_norm(residual, x, mask, norm);
    }
    plain(residual, x, p, mode, norm)
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
    p: f32,
    mode: Mode,
    norm: NormWeights,
) -> [Tensor<2>; 2] {
    let sum = crate::dropout::plain_sum(residual, x, p, mode);
    [sum.clone(), norm.plain(sum)]
}
