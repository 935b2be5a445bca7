//! Layer normalization and root-mean-square normalization.

use burn::tensor::Tensor;

use crate::args::norm::NormWeights;

impl NormWeights {
    /// Normalizes each row with [`layer_norm`], or with [`rms_norm`] if there is no β.
    ///
    /// # Shapes
    /// - `x` and output: `[rows, d_model]`
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn apply(self, x: Tensor<2>) -> Tensor<2> {
        self.check(&x);
        #[cfg(feature = "flex")]
        if crate::flex::is_flex(&x) {
            return crate::flex::ops::norm::norm(x, self);
        }
        self.plain(x)
    }

    pub(crate) fn plain(self, x: Tensor<2>) -> Tensor<2> {
        match self.beta {
            Some(beta) => plain(x, self.gamma, beta, self.epsilon),
            None => plain_rms(x, self.gamma, self.epsilon),
        }
    }
}

/// y = (x − mean) / √(variance + ε) · γ + β for each row (Ba, Kiros & Hinton 2016; biased variance).
///
/// # Shapes
/// - `x`: `[rows, d_model]`, `gamma` and `beta`: `[d_model]`
/// - output: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not match.
pub fn layer_norm(x: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f32) -> Tensor<2> {
    NormWeights { gamma, beta: Some(beta), epsilon }.apply(x)
}

pub(crate) fn plain(x: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f32) -> Tensor<2> {
    let centered = x.clone() - x.mean_dim(1);
    let variance = centered.clone().square().mean_dim(1); // [rows, 1]
    centered / (variance + epsilon).sqrt() * gamma.unsqueeze() + beta.unsqueeze()
}

/// y = x / √(mean(x²) + ε) · γ for each row (Zhang & Sennrich 2019).
///
/// # Shapes
/// - `x`: `[rows, d_model]`, `gamma`: `[d_model]`
/// - output: `[rows, d_model]`
///
/// # Panics
/// If the shapes do not match.
pub fn rms_norm(x: Tensor<2>, gamma: Tensor<1>, epsilon: f32) -> Tensor<2> {
    NormWeights { gamma, beta: None, epsilon }.apply(x)
}

pub(crate) fn plain_rms(x: Tensor<2>, gamma: Tensor<1>, epsilon: f32) -> Tensor<2> {
    let mean_square = x.clone().square().mean_dim(1); // [rows, 1]
    x / (mean_square + epsilon).sqrt() * gamma.unsqueeze()
}
