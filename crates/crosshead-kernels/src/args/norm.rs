//! The parameters of a normalization.

use burn::tensor::Tensor;

/// Scale γ, shift β and ε of a layer norm; without β, of a root-mean-square norm.
#[derive(Clone, Debug)]
pub struct NormWeights {
    /// γ, `[d_model]`
    pub gamma: Tensor<1>,
    /// β, `[d_model]`
    pub beta: Option<Tensor<1>>,
    /// ε, added to the variance or to the mean square.
    pub epsilon: f32,
}

impl NormWeights {
    pub(crate) fn check(&self, x: &Tensor<2>) {
        let ([_, d_model], [gamma_len]) = (x.dims(), self.gamma.dims());
        let beta_len = self.beta.as_ref().map_or(d_model, |beta| beta.dims()[0]);
        assert!(
            [gamma_len, beta_len] == [d_model; 2],
            "x {:?}, gamma [{gamma_len}] and beta [{beta_len}] do not match: [rows, d_model], [d_model]",
            x.dims()
        );
    }
}
