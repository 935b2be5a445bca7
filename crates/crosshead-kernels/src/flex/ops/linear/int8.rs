//! Linear layers with int8 weights, without a backward pass.

use burn::backend::Flex;
use burn::backend::flex::{FlexQTensor, FlexTensor};
use burn::tensor::Tensor;

use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;
use crate::flex::gemm::int8::dispatch::{Weight, project};
use crate::flex::gemm::int8::rows::Rows;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::int8::{quantized, rows};
use crate::flex::runtime::tensor::{contiguous, dims, primitive, values};

/// The fused implementation of [`crate::linear()`] for an int8 weight.
pub(crate) fn linear(x: Tensor<2>, weights: LinearWeights, activation: Activation) -> Tensor<2> {
    let [y] = each(x, [Map::new(weights, activation)]);
    y
}

/// The fused implementation of [`crate::linear_three`] for int8 weights. The rows are quantized once.
pub(crate) fn linear_three(x: Tensor<2>, weights: [LinearWeights; 3]) -> [Tensor<2>; 3] {
    each(x, weights.map(|weights| Map::new(weights, Activation::Identity)))
}

/// The fused implementation of [`crate::gated_linear`] for int8 weights. The rows are quantized once.
pub(crate) fn gated_linear(
    x: Tensor<2>,
    gate: LinearWeights,
    up: LinearWeights,
    activation: Activation,
) -> Tensor<2> {
    let maps = [Map::new(gate, activation), Map::new(up, Activation::Identity)];
    let [gate, up] = each(x, maps);
    gate * up
}

/// A linear layer with an activation.
struct Map {
    weight: FlexQTensor,
    /// `[d_out]`
    bias: Option<FlexTensor>,
    activation: Activation,
}

impl Map {
    fn new(LinearWeights { weight, bias }: LinearWeights, activation: Activation) -> Self {
        let bias = bias.map(|bias| contiguous(primitive(bias)));
        Self { weight: quantized(weight), bias, activation }
    }

    fn weight(&self) -> Weight<'_> {
        rows(&self.weight)
    }
}

/// The outputs of several layers for the same rows.
fn each<const N: usize>(x: Tensor<2>, maps: [Map; N]) -> [Tensor<2>; N] {
    let x = contiguous(primitive(x));
    let [n, d_in] = dims(&x);
    let weights = maps.each_ref().map(Map::weight);
    let biases = maps.each_ref().map(|map| map.bias.as_ref().map(values));
    let mut outputs = weights.map(|weight| Buffer::unspecified(n * weight.d_out));
    project(
        &Rows::new(values(&x), n, d_in),
        weights,
        outputs.each_mut().map(|y| &mut y[..]),
        #[inline(always)]
        |index, _, first, part| {
            let bias = biases[index].map(|bias| &bias[first..]);
            maps[index].activation.apply_with_bias(part, bias);
        },
    );
    let mut d_outs = weights.iter().map(|weight| weight.d_out);
    outputs.map(|y| {
        let d_out = d_outs.next().expect("an output for each weight");
        Tensor::from_primitive::<Flex>(y.into_tensor([n, d_out]))
    })
}
