//! Activation functions.

use std::f32::consts::FRAC_1_SQRT_2;

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// An element-wise activation function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// f(x) = x.
    #[default]
    Identity,
    /// f(x) = max(0, x), as in Vaswani et al. 2017, section 3.3.
    Relu,
    /// f(x) = x·Φ(x), computed with the error function (Hendrycks & Gimpel 2016).
    Gelu,
    /// The tanh approximation of GELU, as in GPT-2.
    GeluTanh,
    /// f(x) = x·σ(x), also called swish (Elfwing et al. 2017).
    Silu,
}

impl Activation {
    /// Applies the function to each element.
    pub fn apply<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Identity => x,
            Self::Relu => activation::relu(x),
            // Not burn's gelu: on some backends its gradient is approximate, with errors in the third digit.
            Self::Gelu => x.clone() * ((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5,
            Self::GeluTanh => activation::gelu_approximate(x),
            Self::Silu => activation::silu(x),
        }
    }
}
