//! Matrices replaced by nearly orthogonal ones, for the optimizer Muon.

use burn::tensor::Tensor;

use super::adam::sum_of_squares;

/// The coefficients a, b, c of the iteration X ← a·X + (b·G + c·G²)·X with G = X·Xᵀ, and its number of steps (Jordan 2024,
/// <https://kellerjordan.github.io/posts/muon/>).
pub(crate) const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];
pub(crate) const STEPS: usize = 5;

/// The smallest norm by which a matrix is divided.
pub(crate) const MIN_NORM: f64 = 1e-7;

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
