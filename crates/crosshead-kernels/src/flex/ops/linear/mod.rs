//! The linear layer with its activation as a backend extension.

mod backward;
mod forward;
mod gated;
pub(crate) mod int8;
mod three;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use self::forward::Map;
pub(crate) use self::gated::gated_linear;
pub(crate) use self::three::linear_three;
use crate::args::activation::Activation;
use crate::flex::gemm::dispatch::Weight;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::optional::Optional;
use crate::flex::runtime::tensor::{contiguous, dims, values, values_mut};

/// The fused implementation of [`crate::linear()`].
pub(crate) fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LinearOps>::linear(x, weight, bias.into(), activation))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait LinearOps: Backend {
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Optional<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

impl LinearOps for Flex {
    fn linear(
        x: FlexTensor,
        weight: FlexTensor,
        bias: Optional<Self>,
        activation: Activation,
    ) -> FlexTensor {
        Arguments::new(x, weight, bias.into_option(), activation).forward(false).0
    }
}

impl<C: CheckpointStrategy> LinearOps for Autodiff<Flex, C> {
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Optional<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        match bias.into_option() {
            None => record::<C, 2>(nodes, Arguments::new(x, weight, None, activation)),
            Some(bias) => {
                let [x_node, weight_node] = nodes;
                let nodes = [x_node, weight_node, bias.node()];
                let bias = Some(bias.into_primitive());
                record::<C, 3>(nodes, Arguments::new(x, weight, bias, activation))
            }
        }
    }
}

/// The tensors of one call, contiguous.
#[derive(Clone, Debug)]
struct Arguments {
    x: FlexTensor,
    weight: FlexTensor,
    bias: Option<FlexTensor>,
    activation: Activation,
}

impl Arguments {
    fn new(
        x: FlexTensor,
        weight: FlexTensor,
        bias: Option<FlexTensor>,
        activation: Activation,
    ) -> Self {
        let (x, weight, bias) = (contiguous(x), contiguous(weight), bias.map(contiguous));
        Self { x, weight, bias, activation }
    }

    fn map(&self) -> Map<'_> {
        let [d_out, d_in] = dims(&self.weight);
        let weight = Weight { values: values(&self.weight), d_in, d_out };
        Map { weight, bias: self.bias.as_ref().map(values), activation: self.activation }
    }

    fn rows(&self) -> usize {
        let [rows, _] = dims(&self.x);
        rows
    }

    /// The output, and the pre-activation if `save` is set and the derivative needs it.
    fn forward(&self, save: bool) -> (FlexTensor, Option<FlexTensor>) {
        let (map, rows) = (self.map(), self.rows());
        let (y, pre_activation) = map.forward(values(&self.x), rows, save);
        let tensor = |buffer: Buffer| buffer.into_tensor([rows, map.weight.d_out]);
        (tensor(y), pre_activation.map(tensor))
    }
}

/// The state saved for the backward pass.
#[derive(Clone, Debug)]
struct State {
    arguments: Arguments,
    /// The argument of the derivative of the activation; `None` for the identity.
    saved: Option<FlexTensor>,
}

#[derive(Debug)]
struct LinearBackward;

/// The parents are x, the weight and, if there are three, the bias.
impl<const N: usize> Backward<Flex, N> for LinearBackward {
    type State = State;

    fn backward(self, ops: Ops<State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { arguments, saved } = ops.state;
        let (map, rows) = (arguments.map(), arguments.rows());
        let Weight { d_in, d_out, .. } = map.weight;
        let mut dz = contiguous(grads.consume::<Flex>(&ops.node));
        if let Some(saved) = saved {
            map.backward_activation(values_mut(&mut dz), values(&saved));
        }
        let dz = values(&dz);
        for (index, parent) in ops.parents.into_iter().enumerate() {
            let Some(parent) = parent else { continue };
            let gradient = match index {
                0 => map.backward_input(dz, rows).into_tensor([rows, d_in]),
                1 => map.backward_weight(dz, values(&arguments.x), rows).into_tensor([d_out, d_in]),
                _ => map.backward_bias(dz).into_tensor([d_out]),
            };
            grads.register::<Flex>(parent.id, gradient);
        }
    }
}

fn record<C: CheckpointStrategy, const N: usize>(
    nodes: [NodeGuard; N],
    arguments: Arguments,
) -> FloatTensor<Autodiff<Flex, C>> {
    match LinearBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::UnTracked(prepared) => prepared.finish(arguments.forward(false).0),
        OpsKind::Tracked(prepared) => {
            let (y, pre_activation) = arguments.forward(true);
            let saved = match arguments.activation {
                Activation::Identity => None,
                _ => Some(pre_activation.unwrap_or_else(|| y.clone())),
            };
            prepared.finish(State { arguments, saved }, y)
        }
    }
}
