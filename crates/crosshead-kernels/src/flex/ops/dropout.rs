//! Dropout, with and without the residual connection, as backend extensions.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use crate::args::dropout::DropoutMask;
use crate::flex::math::philox;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::tensor::{contiguous, values};

/// The fused implementation of [`crate::dropout()`].
pub(crate) fn dropout<const D: usize>(x: Tensor<D>, mask: DropoutMask) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as DropoutOps>::dropout(x.into_dispatch(), mask))
}

/// The fused implementation of [`crate::add_dropout`].
pub(crate) fn add_dropout(
    residual: Tensor<2>,
    x: Tensor<2>,
    mask: Option<DropoutMask>,
) -> Tensor<2> {
    let (residual, x) = (residual.into_dispatch(), x.into_dispatch());
    Tensor::from_dispatch(<Dispatch as DropoutOps>::add_dropout(residual, x, mask))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait DropoutOps: Backend {
    fn dropout(x: FloatTensor<Self>, mask: DropoutMask) -> FloatTensor<Self>;

    fn add_dropout(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        mask: Option<DropoutMask>,
    ) -> FloatTensor<Self>;
}

impl DropoutOps for Flex {
    fn dropout(x: FlexTensor, mask: DropoutMask) -> FlexTensor {
        let x = contiguous(x);
        mask.apply(values(&x)).into_tensor(x.layout().shape().clone())
    }

    fn add_dropout(residual: FlexTensor, x: FlexTensor, mask: Option<DropoutMask>) -> FlexTensor {
        let (residual, x) = (contiguous(residual), contiguous(x));
        let sum = add(values(&residual), values(&x), mask);
        sum.into_tensor(x.layout().shape().clone())
    }
}

impl<C: CheckpointStrategy> DropoutOps for Autodiff<Flex, C> {
    fn dropout(x: FloatTensor<Self>, mask: DropoutMask) -> FloatTensor<Self> {
        let prepared = DropoutBackward.prepare::<C>([x.node()]).compute_bound().stateful();
        let y = Flex::dropout(x.into_primitive(), mask);
        match prepared {
            OpsKind::UnTracked(prepared) => prepared.finish(y),
            OpsKind::Tracked(prepared) => prepared.finish(mask, y),
        }
    }

    fn add_dropout(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        mask: Option<DropoutMask>,
    ) -> FloatTensor<Self> {
        let nodes = [residual.node(), x.node()];
        let prepared = AddDropoutBackward.prepare::<C>(nodes).compute_bound().stateful();
        let y = Flex::add_dropout(residual.into_primitive(), x.into_primitive(), mask);
        match prepared {
            OpsKind::UnTracked(prepared) => prepared.finish(y),
            OpsKind::Tracked(prepared) => prepared.finish(mask, y),
        }
    }
}

#[derive(Debug)]
struct DropoutBackward;

impl Backward<Flex, 1> for DropoutBackward {
    type State = DropoutMask;

    fn backward(self, ops: Ops<DropoutMask, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let gradient = grads.consume::<Flex>(&ops.node);
        if let Some(parent) = parent {
            grads.register::<Flex>(parent.id, Flex::dropout(gradient, ops.state));
        }
    }
}

/// The parents are residual and x.
#[derive(Debug)]
pub(super) struct AddDropoutBackward;

impl Backward<Flex, 2> for AddDropoutBackward {
    type State = Option<DropoutMask>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [residual, x] = ops.parents;
        let gradient = grads.consume::<Flex>(&ops.node);
        if let Some(parent) = x {
            let gradient = match ops.state {
                Some(mask) => Flex::dropout(gradient.clone(), mask),
                None => gradient.clone(),
            };
            grads.register::<Flex>(parent.id, gradient);
        }
        if let Some(parent) = residual {
            grads.register::<Flex>(parent.id, gradient);
        }
    }
}

impl DropoutMask {
    /// The factors of the elements starting at `first`: 0 with probability p, otherwise 1 / (1 − p).
    pub(crate) fn factors(self, first: usize, factors: &mut [f32]) {
        let (threshold, kept) = (self.threshold(), self.scale());
        philox::for_each_word(
            self.key,
            first as u64,
            factors,
            #[inline(always)]
            move |factor, word| *factor = if word < threshold { 0.0 } else { kept },
        );
    }

    /// x·mask / (1 − p).
    fn apply(self, x: &[f32]) -> Buffer {
        map(x.len(), |first, y| {
            self.factors(first, y);
            vectorized(
                #[inline(always)]
                || y.iter_mut().zip(&x[first..]).for_each(|(y, x)| *y *= x),
            );
        })
    }
}

/// `residual` + x·mask / (1 − p); without a mask, `residual` + x.
fn add(residual: &[f32], x: &[f32], mask: Option<DropoutMask>) -> Buffer {
    map(x.len(), |first, sums| add_part(&residual[first..], &x[first..], mask, first, sums))
}

/// Computes the sums of a part whose first element has index `first` in the random stream of the mask.
pub(super) fn add_part(
    residual: &[f32],
    x: &[f32],
    mask: Option<DropoutMask>,
    first: usize,
    sums: &mut [f32],
) {
    let inputs = residual.iter().zip(x);
    match mask {
        Some(mask) => {
            mask.factors(first, sums);
            vectorized(
                #[inline(always)]
                || {
                    for (sum, (residual, x)) in sums.iter_mut().zip(inputs) {
                        *sum = residual + x * *sum;
                    }
                },
            );
        }
        None => vectorized(
            #[inline(always)]
            || sums.iter_mut().zip(inputs).for_each(|(sum, (residual, x))| *sum = residual + x),
        ),
    }
}

/// Calls `f(first, y)` for every part of an output of `len` values, with the index of its first value.
fn map(len: usize, f: impl Fn(usize, &mut [f32]) + Send + Sync) -> Buffer {
    /// The number of values per part, which fit into the L1 cache.
    const PART: usize = 1 << 12;
    let mut y = Buffer::unspecified(len);
    parallel::for_each_rows(&mut y, 1, PART, 8 * len, f);
    y
}
