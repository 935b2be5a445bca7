//! Linear layers: y = activation(x·Wᵀ + b).

use burn::tensor::Tensor;

use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;
#[cfg(feature = "flex")]
use crate::ops::int8::is_int8;

/// y = activation(x·Wᵀ + b) for each row.
///
/// The weight has the layout of PyTorch and Hugging Face, `[d_out, d_in]`.
///
/// # Shapes
/// - `x`: `[rows, d_in]`, `weight`: `[d_out, d_in]`, `bias`: `[d_out]`
/// - output: `[rows, d_out]`
///
/// # Panics
/// If the shapes do not match.
pub fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let weights = LinearWeights { weight, bias };
    weights.check(&x);
    #[cfg(feature = "flex")]
    if is_int8(&weights.weight) && crate::flex::is_flex_without_autodiff(&x) {
        return crate::flex::ops::linear::int8::linear(x, weights, activation);
    }
    let LinearWeights { weight, bias } = weights.dequantized();
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::ops::linear::linear(x, weight, bias, activation);
    }
    plain(x, weight, bias, activation)
}

/// Three linear layers applied to the same rows, such as the projections of queries, keys and values, without an
/// activation.
///
/// The results equal those of three calls to [`linear`]. For few rows, as in decoding, this is faster because threads
/// synchronize only once.
///
/// # Shapes
/// - `x`: `[rows, d_in]`
/// - output: `[rows, d_out]` each
///
/// # Panics
/// If the shapes do not match.
pub fn linear_three(x: Tensor<2>, weights: [LinearWeights; 3]) -> [Tensor<2>; 3] {
    weights.iter().for_each(|weights| weights.check(&x));
    #[cfg(feature = "flex")]
    if weights.iter().all(|weights| is_int8(&weights.weight))
        && crate::flex::is_flex_without_autodiff(&x)
    {
        return crate::flex::ops::linear::int8::linear_three(x, weights);
    }
    let weights = weights.map(LinearWeights::dequantized);
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        return crate::flex::ops::linear::linear_three(x, weights);
    }
    weights
        .map(|LinearWeights { weight, bias }| plain(x.clone(), weight, bias, Activation::Identity))
}

pub(crate) fn plain(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let y = x.matmul(weight.transpose()); // [rows, d_out]
    activation.apply(match bias {
        Some(bias) => y + bias.unsqueeze(),
        None => y,
    })
}
