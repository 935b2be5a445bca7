//! The gated linear unit as a backend extension.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::Arguments;
use super::backward::ACTIVATION_PART;
use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;
use crate::flex::gemm::serial::Output;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::optional::Optional;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::tensor::{contiguous, values, values_mut};

/// The number of values processed at a time; they fit into the L1 cache.
const RUN: usize = 512;

/// The fused implementation of [`crate::gated_linear`].
pub(crate) fn gated_linear(
    x: Tensor<2>,
    gate: LinearWeights,
    up: LinearWeights,
    activation: Activation,
) -> Tensor<2> {
    let [x, gate_weight, up_weight] = [x, gate.weight, up.weight].map(Tensor::into_dispatch);
    let [gate_bias, up_bias] = [gate.bias, up.bias].map(Optional::from);
    Tensor::from_dispatch(<Dispatch as GatedOps>::gated_linear(
        x,
        gate_weight,
        gate_bias,
        up_weight,
        up_bias,
        activation,
    ))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait GatedOps: Backend {
    fn gated_linear(
        x: FloatTensor<Self>,
        gate_weight: FloatTensor<Self>,
        #[extension_type] gate_bias: Optional<Self>,
        up_weight: FloatTensor<Self>,
        #[extension_type] up_bias: Optional<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

impl GatedOps for Flex {
    fn gated_linear(
        x: FlexTensor,
        gate_weight: FlexTensor,
        gate_bias: Optional<Self>,
        up_weight: FlexTensor,
        up_bias: Optional<Self>,
        activation: Activation,
    ) -> FlexTensor {
        let (gate_bias, up_bias) = (gate_bias.into_option(), up_bias.into_option());
        Gated::new(x, [gate_weight, up_weight], [gate_bias, up_bias], activation).forward()
    }
}

impl<C: CheckpointStrategy> GatedOps for Autodiff<Flex, C> {
    fn gated_linear(
        x: FloatTensor<Self>,
        gate_weight: FloatTensor<Self>,
        gate_bias: Optional<Self>,
        up_weight: FloatTensor<Self>,
        up_bias: Optional<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (gate_weight, gate_node) = gate_weight.into_parts();
        let (up_weight, up_node) = up_weight.into_parts();
        let (gate_bias, gate_bias_node) = gate_bias.into_parts();
        let (up_bias, up_bias_node) = up_bias.into_parts();
        let gated = Gated::new(x, [gate_weight, up_weight], [gate_bias, up_bias], activation);
        let nodes = [x_node, gate_node, up_node, gate_bias_node, up_bias_node];
        match GatedBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(gated.forward()),
            OpsKind::Tracked(prepared) => {
                let (y, branches) = gated.forward_saving();
                prepared.finish(State { gated, branches }, y)
            }
        }
    }
}

/// The two linear layers of one call.
#[derive(Clone, Debug)]
struct Gated {
    gate: Arguments,
    up: Arguments,
    activation: Activation,
}

impl Gated {
    /// Weights and biases of gate and up.
    fn new(
        x: FlexTensor,
        [gate_weight, up_weight]: [FlexTensor; 2],
        [gate_bias, up_bias]: [Option<FlexTensor>; 2],
        activation: Activation,
    ) -> Self {
        let x = contiguous(x);
        let map = |weight, bias| Arguments::new(x.clone(), weight, bias, Activation::Identity);
        Self { gate: map(gate_weight, gate_bias), up: map(up_weight, up_bias), activation }
    }

    /// activation(gate) ⊙ up.
    fn forward(&self) -> FlexTensor {
        let (rows, up, x) = (self.gate.rows(), self.up.map(), values(&self.gate.x));
        let (mut gate, _) = self.gate.map().forward(x, rows, false);
        let mut up_branch = Buffer::unspecified(gate.len());
        up.write_both(
            x,
            rows,
            &mut up_branch,
            &mut gate,
            #[inline(always)]
            |_, up, gate| self.combine(gate, up),
        );
        gate.into_tensor([rows, up.weight.d_out])
    }

    /// activation(gate) ⊙ up, and the branches gate and up before the activation.
    fn forward_saving(&self) -> (FlexTensor, [FlexTensor; 2]) {
        let (rows, up, x) = (self.gate.rows(), self.up.map(), values(&self.gate.x));
        let (gate, _) = self.gate.map().forward(x, rows, false);
        let [mut up_branch, mut y] = [(); 2].map(|()| Buffer::unspecified(gate.len()));
        up.write_both(
            x,
            rows,
            &mut up_branch,
            &mut y,
            #[inline(always)]
            |first, up, y| {
                y.copy_from_slice(&gate[first..][..y.len()]);
                self.combine(y, up);
            },
        );
        let [y, gate, up] =
            [y, gate, up_branch].map(|part| part.into_tensor([rows, up.weight.d_out]));
        (y, [gate, up])
    }

    /// Replaces gate with activation(gate) ⊙ up.
    #[inline(always)]
    fn combine(&self, gate: &mut [f32], up: &[f32]) {
        self.activation.apply_with_bias(gate, None);
        gate.iter_mut().zip(up).for_each(|(gate, up)| *gate *= up);
    }

    /// Replaces the gradient of the output with the gradient of up, and up with the gradient of gate.
    fn backward_branches(&self, gradient: &mut [f32], gate: &[f32], up: &mut [f32]) {
        let work = 16 * up.len();
        let parts = gradient
            .par_chunks_mut(ACTIVATION_PART)
            .zip(gate.par_chunks(ACTIVATION_PART))
            .zip(up.par_chunks_mut(ACTIVATION_PART));
        parallel::for_each(parts, work, |((gradient, gate), up)| {
            let mut activated = [0.0; RUN];
            let runs = gradient.chunks_mut(RUN).zip(gate.chunks(RUN)).zip(up.chunks_mut(RUN));
            vectorized(
                #[inline(always)]
                || {
                    for ((gradient, gate), up) in runs {
                        let activated = &mut activated[..gate.len()];
                        activated.copy_from_slice(gate);
                        self.activation.apply_with_bias(activated, None);
                        up.iter_mut().zip(&*gradient).for_each(|(up, gradient)| *up *= gradient);
                        let by_output = self.activation.differentiates_by_output();
                        self.activation.backward(up, if by_output { activated } else { gate });
                        let pairs = gradient.iter_mut().zip(activated);
                        pairs.for_each(|(gradient, activated)| *gradient *= *activated);
                    }
                },
            );
        });
    }
}

/// The state saved for the backward pass.
#[derive(Clone, Debug)]
struct State {
    gated: Gated,
    /// Gate and up, before the activation.
    branches: [FlexTensor; 2],
}

/// The parents are x, the weights of gate and up, and their biases. Absent biases are untracked.
#[derive(Debug)]
struct GatedBackward;

impl Backward<Flex, 5> for GatedBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { gated, branches: [z, mut u] } = ops.state;
        let mut gradient = contiguous(grads.consume::<Flex>(&ops.node));
        gated.backward_branches(values_mut(&mut gradient), values(&z), values_mut(&mut u));
        let (dz, du) = (values(&u), values(&gradient));
        let (gate, up, rows) = (gated.gate.map(), gated.up.map(), gated.gate.rows());
        let x = values(&gated.gate.x);
        let (d_in, d_out) = (up.weight.d_in, up.weight.d_out);
        for (index, parent) in ops.parents.into_iter().enumerate() {
            let Some(parent) = parent else { continue };
            let gradient = match index {
                0 => {
                    let mut dx = gate.backward_input(dz, rows);
                    up.write_backward_input(du, rows, &mut dx, Output::Add);
                    dx.into_tensor([rows, d_in])
                }
                1 => gate.backward_weight(dz, x, rows).into_tensor([d_out, d_in]),
                2 => up.backward_weight(du, x, rows).into_tensor([d_out, d_in]),
                3 => gate.backward_bias(dz).into_tensor([d_out]),
                _ => up.backward_bias(du).into_tensor([d_out]),
            };
            grads.register::<Flex>(parent.id, gradient);
        }
    }
}
