//! Layer norm and RMS norm as a backend extension.

mod add;
mod rows;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

pub(crate) use self::add::{add_norm, add_then_norm};
use self::rows::{Norm, Saved, Statistics};
use crate::args::dropout::DropoutMask;
use crate::args::norm::NormWeights;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::optional::Optional;
use crate::flex::runtime::tensor::{contiguous, dims, values, values_mut};

/// The fused implementation of [`crate::layer_norm`] and [`crate::rms_norm`].
pub(crate) fn norm(x: Tensor<2>, weights: NormWeights) -> Tensor<2> {
    let NormWeights { gamma, beta, epsilon } = weights;
    let (x, gamma) = (x.into_dispatch(), gamma.into_dispatch());
    Tensor::from_dispatch(<Dispatch as NormOps>::norm(x, gamma, beta.into(), epsilon))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait NormOps: Backend {
    /// With β, this is a layer norm; without β, a root-mean-square norm.
    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        #[extension_type] beta: Optional<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
}

impl NormOps for Flex {
    fn norm(x: FlexTensor, gamma: FlexTensor, beta: Optional<Self>, epsilon: f32) -> FlexTensor {
        Weights::new(gamma, beta.into_option(), epsilon).forward(x).0
    }
}

impl<C: CheckpointStrategy> NormOps for Autodiff<Flex, C> {
    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: Optional<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (gamma, gamma_node) = gamma.into_parts();
        let (beta, beta_node) = beta.into_parts();
        let (y, state) = Weights::new(gamma, beta, epsilon).forward(x);
        record::<C>([x_node, gamma_node, beta_node], state, y)
    }
}

/// The parameters of a norm, contiguous.
struct Weights {
    gamma: FlexTensor,
    beta: Option<FlexTensor>,
    epsilon: f32,
}

impl Weights {
    fn new(gamma: FlexTensor, beta: Option<FlexTensor>, epsilon: f32) -> Self {
        Self { gamma: contiguous(gamma), beta: beta.map(contiguous), epsilon }
    }

    fn norm(&self) -> Norm<'_> {
        let beta = self.beta.as_ref().map(values);
        Norm { gamma: values(&self.gamma), beta, epsilon: self.epsilon }
    }

    /// The normalized rows, and the state for the backward pass.
    fn forward(self, x: FlexTensor) -> (FlexTensor, State) {
        let x = contiguous(x);
        let (y, statistics) = self.norm().forward(values(&x));
        (y.into_tensor(dims::<2>(&x)), self.state(x, statistics))
    }

    /// The state for the backward pass of the norm of `x`.
    fn state(self, x: FlexTensor, statistics: Vec<Statistics>) -> State {
        State { x, gamma: self.gamma, statistics, centered: self.beta.is_some() }
    }
}

/// The state saved for the backward pass.
#[derive(Clone, Debug)]
struct State {
    /// The input of the normalization.
    x: FlexTensor,
    gamma: FlexTensor,
    statistics: Vec<Statistics>,
    /// Whether the mean was subtracted.
    centered: bool,
}

/// The gradients of a normalization.
struct NormGradients {
    x: FlexTensor,
    /// The gradient of x times the dropout mask, if there is one.
    masked: Option<FlexTensor>,
    gamma: FlexTensor,
    beta: FlexTensor,
}

impl State {
    fn gradients(self, gradient: FlexTensor, mask: Option<DropoutMask>) -> NormGradients {
        let Self { x, gamma, statistics, centered } = self;
        let mut dx = contiguous(gradient);
        let mut masked = mask.map(|mask| (mask, Buffer::unspecified(values(&x).len())));
        let saved =
            Saved { x: values(&x), gamma: values(&gamma), statistics: &statistics, centered };
        let (d_gamma, d_beta) = rows::backward(
            values_mut(&mut dx),
            saved,
            masked.as_mut().map(|(mask, masked)| (*mask, &mut masked[..])),
        );
        let d_model = dims::<1>(&gamma);
        NormGradients {
            x: dx,
            masked: masked.map(|(_, masked)| masked.into_tensor(dims::<2>(&x))),
            gamma: d_gamma.into_tensor(d_model),
            beta: d_beta.into_tensor(d_model),
        }
    }
}

/// The parents are x, γ and β. An absent β is untracked.
#[derive(Debug)]
struct NormBackward;

impl Backward<Flex, 3> for NormBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let NormGradients { x, gamma, beta, .. } =
            ops.state.gradients(grads.consume::<Flex>(&ops.node), None);
        for (parent, gradient) in ops.parents.into_iter().zip([x, gamma, beta]) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// Records the output as a node of the autodiff graph.
fn record<C: CheckpointStrategy>(
    nodes: [NodeGuard; 3],
    state: State,
    y: FlexTensor,
) -> FloatTensor<Autodiff<Flex, C>> {
    match NormBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::UnTracked(prepared) => prepared.finish(y),
        OpsKind::Tracked(prepared) => prepared.finish(state, y),
    }
}
