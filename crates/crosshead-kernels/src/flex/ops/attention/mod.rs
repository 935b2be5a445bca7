//! Scaled dot-product attention as a backend extension.

mod backward;
mod decoding;
mod forward;
mod heads;
mod problem;
mod softmax;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use self::backward::{Each, Outcome, backward};
use self::forward::forward;
use self::heads::{Bias, Heads};
use self::problem::{Problem, Sizes};
use crate::args::attention::{AttentionOptions, Reach};
use crate::args::dropout::DropoutMask;
use crate::flex::runtime::optional::Optional;
use crate::flex::runtime::tensor::{dims, values};

/// The fused implementation of [`crate::attention()`].
pub(crate) fn attention(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    bias: Option<Tensor<4>>,
    options: AttentionOptions,
    mask: Option<DropoutMask>,
) -> Tensor<4> {
    let (q, k, v) = (q.into_dispatch(), k.into_dispatch(), v.into_dispatch());
    let out = <Dispatch as AttentionOps>::attention(q, k, v, bias.into(), options, mask);
    Tensor::from_dispatch(out)
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait AttentionOps: Backend {
    fn attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        #[extension_type] bias: Optional<Self>,
        options: AttentionOptions,
        mask: Option<DropoutMask>,
    ) -> FloatTensor<Self>;
}

impl AttentionOps for Flex {
    fn attention(
        q: FlexTensor,
        k: FlexTensor,
        v: FlexTensor,
        bias: Optional<Self>,
        options: AttentionOptions,
        mask: Option<DropoutMask>,
    ) -> FlexTensor {
        Arguments::new(q, k, v, bias.into_option(), options, mask).forward().0
    }
}

impl<C: CheckpointStrategy> AttentionOps for Autodiff<Flex, C> {
    fn attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        bias: Optional<Self>,
        options: AttentionOptions,
        mask: Option<DropoutMask>,
    ) -> FloatTensor<Self> {
        let (q, q_node) = q.into_parts();
        let (k, k_node) = k.into_parts();
        let (v, v_node) = v.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let arguments = Arguments::new(q, k, v, bias, options, mask);
        let (out, log_sum_exp) = arguments.forward();
        let nodes = [q_node, k_node, v_node, bias_node];
        match Attention.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = State { arguments, out: out.clone(), log_sum_exp };
                prepared.finish(state, out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(out),
        }
    }
}

#[derive(Debug)]
struct Attention;

/// The state saved for the backward pass: only the normalization of the attention weights, not the weights themselves.
#[derive(Clone, Debug)]
struct State {
    arguments: Arguments,
    out: FlexTensor,
    /// `[batch, n_heads, q_len]`
    log_sum_exp: FlexTensor,
}

impl Backward<Flex, 4> for Attention {
    type State = State;

    fn backward(self, ops: Ops<State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { arguments, out, log_sum_exp } = ops.state;
        let gradient = Heads::readable(grads.consume::<Flex>(&ops.node));
        let outcome = Outcome {
            out: Heads::new(&out),
            gradient: Heads::new(&gradient),
            log_sum_exp: values(&log_sum_exp),
        };
        let [q, k, v, bias] = &ops.parents;
        let requested =
            Each { q: q.is_some(), k: k.is_some(), v: v.is_some(), bias: bias.is_some() };
        let gradients = backward(&arguments.problem(), &outcome, requested);
        let [batch, n_heads, q_len] = dims(&log_sum_exp);
        let scores = [batch, n_heads, q_len, arguments.sizes().k_len];
        let gradients = [
            gradients.q.map(|q| q.into_tensor(dims::<4>(&arguments.q))),
            gradients.k.map(|k| k.into_tensor(dims::<4>(&arguments.k))),
            gradients.v.map(|v| v.into_tensor(dims::<4>(&arguments.v))),
            gradients
                .bias
                .zip(arguments.bias)
                .map(|(gradient, bias)| sum_broadcast(gradient.into_tensor(scores), dims(&bias))),
        ];
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// Sums over the dimensions in which a tensor of the given shape was broadcast.
fn sum_broadcast(gradient: FlexTensor, shape: [usize; 4]) -> FlexTensor {
    let full = dims::<4>(&gradient);
    (0..4).filter(|&axis| shape[axis] < full[axis]).fold(gradient, Flex::float_sum_dim)
}

/// The operands of one call, in readable layouts, and its options.
#[derive(Clone, Debug)]
struct Arguments {
    q: FlexTensor,
    k: FlexTensor,
    v: FlexTensor,
    bias: Option<FlexTensor>,
    scale: f32,
    reach: Reach,
    soft_cap: Option<f32>,
    dropout: Option<DropoutMask>,
}

impl Arguments {
    fn new(
        q: FlexTensor,
        k: FlexTensor,
        v: FlexTensor,
        bias: Option<FlexTensor>,
        options: AttentionOptions,
        mask: Option<DropoutMask>,
    ) -> Self {
        let AttentionOptions { scale, reach, soft_cap, .. } = options;
        Self {
            q: Heads::readable(q),
            k: Heads::readable(k),
            v: Heads::readable(v),
            bias: bias.map(Bias::readable),
            scale,
            reach,
            soft_cap,
            dropout: mask,
        }
    }

    fn sizes(&self) -> Sizes {
        let [batch, q_len, n_heads, d_head] = dims(&self.q);
        let [_, k_len, n_kv_heads, d_value] = dims(&self.v);
        Sizes { batch, q_len, k_len, n_heads, n_kv_heads, d_head, d_value }
    }

    fn problem(&self) -> Problem<'_> {
        Problem {
            q: Heads::new(&self.q),
            k: Heads::new(&self.k),
            v: Heads::new(&self.v),
            bias: self.bias.as_ref().map(Bias::new),
            sizes: self.sizes(),
            scale: self.scale,
            reach: self.reach,
            soft_cap: self.soft_cap,
            dropout: self.dropout,
        }
    }

    /// The output and log Σ exp(score) of every query, `[batch, n_heads, q_len]`.
    fn forward(&self) -> (FlexTensor, FlexTensor) {
        let Sizes { batch, q_len, n_heads, d_value, .. } = self.sizes();
        let (out, log_sum_exp) = forward(&self.problem());
        (
            out.into_tensor([batch, q_len, n_heads, d_value]),
            log_sum_exp.into_tensor([batch, n_heads, q_len]),
        )
    }
}
