//! Normalizations as a backend extension.

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

/// The fused body of [`crate::rms_norm`].
pub(crate) fn rms_norm(x: Tensor<2>, gamma: Tensor<1>, epsilon: f32) -> Tensor<2> {
    let (x, gamma) = (x.into_dispatch(), gamma.into_dispatch());
    Tensor::from_dispatch(<Dispatch as NormOps>::rms_norm(x, gamma, epsilon))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait NormOps: Backend {
    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;

    fn rms_norm(x: FloatTensor<Self>, gamma: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self>;
}

impl NormOps for Flex {
    fn layer_norm(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, epsilon: f32) -> FlexTensor {
        forward(&contiguous(x), &contiguous(gamma), Some(&contiguous(beta)), epsilon).0
    }

    fn rms_norm(x: FlexTensor, gamma: FlexTensor, epsilon: f32) -> FlexTensor {
        forward(&contiguous(x), &contiguous(gamma), None, epsilon).0
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
        let (y, statistics) = forward(&x, &gamma, Some(&beta), epsilon);
        match LayerNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(y),
            OpsKind::Tracked(prepared) => prepared.finish(State { x, gamma, statistics }, y),
        }
    }

    fn rms_norm(x: FloatTensor<Self>, gamma: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node()];
        let [x, gamma] = [x, gamma].map(|tensor| contiguous(tensor.into_primitive()));
        let (y, statistics) = forward(&x, &gamma, None, epsilon);
        match RmsNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(y),
            OpsKind::Tracked(prepared) => prepared.finish(State { x, gamma, statistics }, y),
        }
    }
}

/// With β a layer norm, without it a root-mean-square norm.
fn forward(
    x: &FlexTensor,
    gamma: &FlexTensor,
    beta: Option<&FlexTensor>,
    epsilon: f32,
) -> (FlexTensor, Vec<Statistics>) {
    let (y, statistics) = rows::forward(values(x), values(gamma), beta.map(values), epsilon);
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
struct LayerNormBackward;

impl Backward<Flex, 3> for LayerNormBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradients = gradients(ops.state, grads.consume::<Flex>(&ops.node), true);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct RmsNormBackward;

impl Backward<Flex, 2> for RmsNormBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradients = gradients(ops.state, grads.consume::<Flex>(&ops.node), false);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// The gradients of x, γ and β.
fn gradients(state: State, gradient: FlexTensor, centered: bool) -> [FlexTensor; 3] {
    let State { x, gamma, statistics } = state;
    let mut dx = contiguous(gradient);
    let (d_gamma, d_beta) =
        rows::backward(values_mut(&mut dx), values(&x), values(&gamma), &statistics, centered);
    let d_model = dims::<1>(&gamma);
    [dx, d_gamma.into_tensor(d_model), d_beta.into_tensor(d_model)]
}
