//! The residual connection and its norm as a backend extension.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use super::{NormGradients, State, Weights, record};
use crate::args::dropout::DropoutMask;
use crate::args::norm::NormWeights;
use crate::flex::ops::dropout::AddDropoutBackward;
use crate::flex::runtime::optional::Optional;
use crate::flex::runtime::tensor::{contiguous, dims, values};

/// The fused implementation of [`crate::add_norm()`].
pub(crate) fn add_norm(
    residual: Tensor<2>,
    x: Tensor<2>,
    mask: Option<DropoutMask>,
    weights: NormWeights,
) -> Tensor<2> {
    let NormWeights { gamma, beta, epsilon } = weights;
    let [residual, x] = [residual, x].map(Tensor::into_dispatch);
    let (gamma, beta) = (gamma.into_dispatch(), beta.into());
    let y = <Dispatch as AddNormOps>::add_norm(residual, x, gamma, beta, epsilon, mask);
    Tensor::from_dispatch(y)
}

/// The fused implementation of [`crate::add_then_norm`].
pub(crate) fn add_then_norm(
    residual: Tensor<2>,
    x: Tensor<2>,
    mask: Option<DropoutMask>,
    weights: NormWeights,
) -> [Tensor<2>; 2] {
    let NormWeights { gamma, beta, epsilon } = weights;
    let [residual, x] = [residual, x].map(Tensor::into_dispatch);
    let (gamma, beta) = (gamma.into_dispatch(), beta.into());
    let (sum, y) = <Dispatch as AddNormOps>::add_then_norm(residual, x, gamma, beta, epsilon, mask);
    [sum, y].map(Tensor::from_dispatch)
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait AddNormOps: Backend {
    /// Only the norm of the sum.
    fn add_norm(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        #[extension_type] beta: Optional<Self>,
        epsilon: f32,
        mask: Option<DropoutMask>,
    ) -> FloatTensor<Self>;

    /// The sum and its norm.
    fn add_then_norm(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        #[extension_type] beta: Optional<Self>,
        epsilon: f32,
        mask: Option<DropoutMask>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl AddNormOps for Flex {
    fn add_norm(
        residual: FlexTensor,
        x: FlexTensor,
        gamma: FlexTensor,
        beta: Optional<Self>,
        epsilon: f32,
        mask: Option<DropoutMask>,
    ) -> FlexTensor {
        Self::add_then_norm(residual, x, gamma, beta, epsilon, mask).1
    }

    fn add_then_norm(
        residual: FlexTensor,
        x: FlexTensor,
        gamma: FlexTensor,
        beta: Optional<Self>,
        epsilon: f32,
        mask: Option<DropoutMask>,
    ) -> (FlexTensor, FlexTensor) {
        let weights = Weights::new(gamma, beta.into_option(), epsilon);
        let (y, state) = weights.forward_sum(residual, x, mask);
        (state.x, y)
    }
}

impl<C: CheckpointStrategy> AddNormOps for Autodiff<Flex, C> {
    fn add_norm(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: Optional<Self>,
        epsilon: f32,
        mask: Option<DropoutMask>,
    ) -> FloatTensor<Self> {
        let ((residual, residual_node), (x, x_node)) = (residual.into_parts(), x.into_parts());
        let ((gamma, gamma_node), (beta, beta_node)) = (gamma.into_parts(), beta.into_parts());
        let (y, state) = Weights::new(gamma, beta, epsilon).forward_sum(residual, x, mask);
        let nodes = [residual_node, x_node, gamma_node, beta_node];
        match AddNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(y),
            OpsKind::Tracked(prepared) => prepared.finish((state, mask), y),
        }
    }

    fn add_then_norm(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: Optional<Self>,
        epsilon: f32,
        mask: Option<DropoutMask>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let ((residual, residual_node), (x, x_node)) = (residual.into_parts(), x.into_parts());
        let ((gamma, gamma_node), (beta, beta_node)) = (gamma.into_parts(), beta.into_parts());
        let (y, state) = Weights::new(gamma, beta, epsilon).forward_sum(residual, x, mask);
        let nodes = [residual_node, x_node];
        let sum = match AddDropoutBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(state.x.clone()),
            OpsKind::Tracked(prepared) => prepared.finish(mask, state.x.clone()),
        };
        let y = record::<C>([sum.node(), gamma_node, beta_node], state, y);
        (sum, y)
    }
}

impl Weights {
    /// The normalized rows of `residual` + x·mask, and the state for the backward pass.
    fn forward_sum(
        self,
        residual: FlexTensor,
        x: FlexTensor,
        mask: Option<DropoutMask>,
    ) -> (FlexTensor, State) {
        let (residual, x) = (contiguous(residual), contiguous(x));
        let (sum, y, statistics) = self.norm().forward_sum(values(&residual), values(&x), mask);
        let shape = dims::<2>(&x);
        (y.into_tensor(shape), self.state(sum.into_tensor(shape), statistics))
    }
}

/// The parents are residual, x, γ and β. An absent β is untracked.
#[derive(Debug)]
struct AddNormBackward;

impl Backward<Flex, 4> for AddNormBackward {
    type State = (State, Option<DropoutMask>);

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (state, mask) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let [residual, x, gamma, beta] = ops.parents;
        let gradients = state.gradients(gradient, mask.filter(|_| x.is_some()));
        let NormGradients { x: d_sum, masked, gamma: d_gamma, beta: d_beta } = gradients;
        let d_x = masked.unwrap_or_else(|| d_sum.clone());
        let pairs = [(residual, d_sum), (x, d_x), (gamma, d_gamma), (beta, d_beta)];
        for (parent, gradient) in pairs {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}
