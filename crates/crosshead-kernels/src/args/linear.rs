//! The parameters of a linear layer.

use burn::tensor::Tensor;

/// The weight and bias of a linear layer y = x·Wᵀ + b.
#[derive(Clone, Debug)]
pub struct LinearWeights {
    /// `[d_out, d_in]`
    pub weight: Tensor<2>,
    /// `[d_out]`
    pub bias: Option<Tensor<1>>,
}

impl LinearWeights {
    pub(crate) fn check(&self, x: &Tensor<2>) {
        let ([_, d_in], [d_out, weight_in]) = (x.dims(), self.weight.dims());
        assert!(
            d_in == weight_in,
            "x {:?} and weight {:?} do not match: [rows, d_in] and [d_out, d_in]",
            x.dims(),
            self.weight.dims()
        );
        if let Some(bias) = &self.bias {
            let [len] = bias.dims();
            assert!(
                len == d_out,
                "bias [{len}] does not match weight {:?}: [d_out]",
                self.weight.dims()
            );
        }
    }
}
