//! Layer normalization as a backend extension.

mod rows;
#[cfg(test)]
mod tests;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use super::buffer::{contiguous, dims, values, values_mut};
use rows::Statistics;

/// The fused body of [`crate::layer_norm`].
pub(crate) fn layer_norm(
    x: Tensor<2>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f32,
) -> Tensor<2> {
    let (x, gamma, beta) = (x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    Tensor::from_dispatch(<Dispatch as NormOps>::layer_norm(x, gamma, beta, epsilon))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait NormOps: Backend {
    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
}

impl NormOps for Flex {
    fn layer_norm(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, epsilon: f32) -> FlexTensor {
        forward(&contiguous(x), &contiguous(gamma), &contiguous(beta), epsilon).0
    }
}

impl<C: CheckpointStrategy> NormOps for Autodiff<Flex, C> {
    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| contiguous(tensor.into_primitive()));
        let (y, statistics) = forward(&x, &gamma, &beta, epsilon);
        match NormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(y),
            OpsKind::Tracked(prepared) => prepared.finish(State { x, gamma, statistics }, y),
        }
    }
}

fn forward(
    x: &FlexTensor,
    gamma: &FlexTensor,
    beta: &FlexTensor,
    epsilon: f32,
) -> (FlexTensor, Vec<Statistics>) {
    let (y, statistics) = rows::forward(values(x), values(gamma), values(beta), epsilon);
    (y.into_tensor(dims::<2>(x)), statistics)
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
struct State {
    x: FlexTensor,
    gamma: FlexTensor,
    statistics: Vec<Statistics>,
}

#[derive(Debug)]
struct NormBackward;

impl Backward<Flex, 3> for NormBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { x, gamma, statistics } = ops.state;
        let mut dx = contiguous(grads.consume::<Flex>(&ops.node));
        let (d_gamma, d_beta) =
            rows::backward(values_mut(&mut dx), values(&x), values(&gamma), &statistics);
        let d_model = dims::<1>(&gamma);
        let gradients = [dx, d_gamma.into_tensor(d_model), d_beta.into_tensor(d_model)];
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}
