//! Dropout (Srivastava et al. 2014) with masks from the counter-based generator.

use burn::tensor::{Tensor, TensorData};

use crate::args::dropout::DropoutMask;
use crate::random::Mode;

/// Zeroes each element with probability p and scales the rest by 1 / (1 − p); the identity in evaluation mode.
///
/// # Panics
/// If `p` is outside [0, 1).
pub fn dropout<const D: usize>(x: Tensor<D>, p: f32, mode: Mode) -> Tensor<D> {
    let Some(mask) = DropoutMask::active(p, mode) else { return x };
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::ops::dropout::dropout(x, mask);
    }
    plain(x, mask)
}

/// `residual` + dropout(`x`): the residual connection around every sub-layer (Vaswani et al. 2017, section 5.4).
///
/// # Shapes
/// - `residual`, `x` and output: `[rows, d_model]`
///
/// # Panics
/// If the shapes differ or `p` is outside [0, 1).
pub fn add_dropout(residual: Tensor<2>, x: Tensor<2>, p: f32, mode: Mode) -> Tensor<2> {
    let (left, right) = (residual.dims(), x.dims());
    assert!(left == right, "residual {left:?} and x {right:?} must have the same shape");
    let mask = DropoutMask::active(p, mode);
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::ops::dropout::add_dropout(residual, x, mask);
    }
    plain_sum(residual, x, mask)
}

pub(crate) fn plain_sum(residual: Tensor<2>, x: Tensor<2>, mask: Option<DropoutMask>) -> Tensor<2> {
    match mask {
        Some(mask) => residual + plain(x, mask),
        None => residual + x,
    }
}

pub(crate) fn plain<const D: usize>(x: Tensor<D>, mask: DropoutMask) -> Tensor<D> {
    let shape = x.shape();
    let (threshold, scale) = (mask.threshold(), mask.scale());
    let factors: Vec<f32> = mask
        .key
        .take(shape.num_elements())
        .map(|word| if word < threshold { 0.0 } else { scale })
        .collect();
    let factors = Tensor::from_data(TensorData::new(factors, shape), &x.device());
    x * factors
}
