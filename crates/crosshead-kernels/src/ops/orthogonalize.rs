//! Matrices replaced by nearly orthogonal ones, for the optimizer Muon.

use burn::tensor::Tensor;

use super::adam::sum_of_squares;
use crate::args::orthogonalize::{COEFFICIENTS, MIN_NORM, STEPS};

/// Each matrix U·S·Vᵀ replaced by approximately U·Vᵀ: five steps of a quintic Newton–Schulz iteration, which maps every singular
/// value that is not tiny to about 1 (between 0.7 and 1.2).
///
/// # Shapes
/// - `matrices`: any number of `[rows, cols]`; autodiff must not track them
/// - output: the same shapes
pub fn orthogonalize(matrices: Vec<Tensor<2>>) -> Vec<Tensor<2>> {
    #[cfg(feature = "flex")]
    if matrices.iter().all(crate::flex::is_flex_without_autodiff) {
        return crate::flex::ops::orthogonalize::orthogonalize(matrices);
    }
    matrices.into_iter().map(plain).collect()
}

pub(crate) fn plain(x: Tensor<2>) -> Tensor<2> {
    let [rows, cols] = x.dims();
    let [a, b, c] = COEFFICIENTS;
    let is_tall = rows > cols;
    let norm = sum_of_squares(&x).sqrt().max(MIN_NORM);
    let x = if is_tall { x.transpose() } else { x };
    let x = (0..STEPS).fold(x / norm, |x, _| {
        let gram = x.clone().matmul(x.clone().transpose());
        let update = gram.clone() * b + gram.clone().matmul(gram) * c;
        x.clone() * a + update.matmul(x)
    });
    if is_tall { x.transpose() } else { x }
}
