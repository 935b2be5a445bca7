//! α·x + β·y, of which most optimizers consist.

use burn::tensor::Tensor;

/// α·x + β·y, in the memory of `x` if nothing else uses it.
///
/// # Shapes
/// - `x`, `y` and output: the same shape; autodiff must not track any of them
///
/// # Panics
/// If the shapes differ.
pub fn scaled_sum<const D: usize>(x: Tensor<D>, alpha: f64, y: Tensor<D>, beta: f64) -> Tensor<D> {
    assert!(x.dims() == y.dims(), "y {:?} must have the shape of x {:?}", y.dims(), x.dims());
    #[cfg(feature = "flex")]
    if crate::flex::is_flex_without_autodiff(&x) {
        return crate::flex::ops::scaled_sum::scaled_sum(x, alpha, y, beta);
    }
    plain(x, alpha, y, beta)
}

pub(crate) fn plain<const D: usize>(
    x: Tensor<D>,
    alpha: f64,
    y: Tensor<D>,
    beta: f64,
) -> Tensor<D> {
    x * alpha + y * beta
}
