//! Dropout (Srivastava et al. 2014) with masks from the counter-based generator.

use burn::tensor::{Tensor, TensorData};

use crate::random::{Mode, RandomKey, drop_threshold};

/// Each element kept with probability 1 − p and then divided by it, or else zero; the identity at inference.
///
/// # Panics
/// If `p` is outside [0, 1).
pub fn dropout<const D: usize>(x: Tensor<D>, p: f32, mode: Mode) -> Tensor<D> {
    let Some(key) = active(p, mode) else { return x };
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::dropout::dropout(x, p, key);
    }
    plain(x, p, key)
}

/// `residual` + dropout(`x`): the way out of every sub-layer (Vaswani et al. 2017, section 5.4).
///
/// # Shapes
/// - `residual`, `x` and output: `[rows, d_model]`
///
/// # Panics
/// If the shapes differ or `p` is outside [0, 1).
pub fn add_dropout(residual: Tensor<2>, x: Tensor<2>, p: f32, mode: Mode) -> Tensor<2> {
    let (left, right) = (residual.dims(), x.dims());
    assert!(left == right, "residual {left:?} and x {right:?} must have the same shape");
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        let mask = crate::flex::dropout::Mask::active(p, mode);
        return crate::flex::dropout::add_dropout(residual, x, mask);
    }
    plain_sum(residual, x, p, mode)
}

pub(crate) fn plain_sum(residual: Tensor<2>, x: Tensor<2>, p: f32, mode: Mode) -> Tensor<2> {
    match active(p, mode) {
        Some(key) => residual + plain(x, p, key),
        None => residual + x,
    }
}

/// The key to draw a mask from, where one is needed.
pub(crate) fn active(p: f32, mode: Mode) -> Option<RandomKey> {
    assert!((0.0..1.0).contains(&p), "dropout probability ({p}) must lie in [0, 1)");
    match mode {
        Mode::Train(key) if p > 0.0 => Some(key),
        _ => None,
    }
}

pub(crate) fn plain<const D: usize>(x: Tensor<D>, p: f32, key: RandomKey) -> Tensor<D> {
    let shape = x.shape();
    let (threshold, scale) = (drop_threshold(p), 1.0 / (1.0 - p));
    let mask: Vec<f32> = key
        .take(shape.num_elements())
        .map(|word| if word < threshold { 0.0 } else { scale })
        .collect();
    let mask = Tensor::from_data(TensorData::new(mask, shape), &x.device());
    x * mask
}
