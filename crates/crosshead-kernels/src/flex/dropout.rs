//! Dropout, alone and with the addition to the residual, as backend extensions.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use super::buffer::{Buffer, contiguous, values};
use super::{parallel, philox, vectorized};
use crate::dropout::active;
use crate::random::drop_threshold;
use crate::{Mode, RandomKey};

/// The fused body of [`crate::dropout()`].
pub(crate) fn dropout<const D: usize>(x: Tensor<D>, p: f32, key: RandomKey) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as DropoutOps>::dropout(x.into_dispatch(), Mask::new(key, p)))
}

/// The fused body of [`crate::add_dropout`].
pub(crate) fn add_dropout(residual: Tensor<2>, x: Tensor<2>, mask: Option<Mask>) -> Tensor<2> {
    let (residual, x) = (residual.into_dispatch(), x.into_dispatch());
    Tensor::from_dispatch(<Dispatch as DropoutOps>::add_dropout(residual, x, mask))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait DropoutOps: Backend {
    fn dropout(x: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self>;

    fn add_dropout(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        mask: Option<Mask>,
    ) -> FloatTensor<Self>;
}

impl DropoutOps for Flex {
    fn dropout(x: FlexTensor, mask: Mask) -> FlexTensor {
        let x = contiguous(x);
        mask.apply(values(&x)).into_tensor(x.layout().shape().clone())
    }

    fn add_dropout(residual: FlexTensor, x: FlexTensor, mask: Option<Mask>) -> FlexTensor {
        let (residual, x) = (contiguous(residual), contiguous(x));
        let sum = add(values(&residual), values(&x), mask);
        sum.into_tensor(x.layout().shape().clone())
    }
}

impl<C: CheckpointStrategy> DropoutOps for Autodiff<Flex, C> {
    fn dropout(x: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self> {
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
        mask: Option<Mask>,
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
    type State = Mask;

    fn backward(self, ops: Ops<Mask, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
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
    type State = Option<Mask>;

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

/// The mask of one call; it is drawn again wherever it is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask {
    key: RandomKey,
    p: f32,
}

impl Mask {
    pub(crate) fn new(key: RandomKey, p: f32) -> Self {
        Self { key, p }
    }

    /// The mask of a call, where one is needed.
    pub(crate) fn active(p: f32, mode: Mode) -> Option<Self> {
        active(p, mode).map(|key| Self::new(key, p))
    }

    /// The factors of elements `first` and on: 0 with probability p, or else 1 / (1 − p).
    pub(crate) fn factors(self, first: usize, factors: &mut [f32]) {
        let (threshold, kept) = (drop_threshold(self.p), 1.0 / (1.0 - self.p));
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

/// `residual` + x·mask / (1 − p), or without a mask `residual` + x.
fn add(residual: &[f32], x: &[f32], mask: Option<Mask>) -> Buffer {
    map(x.len(), |first, sums| add_part(&residual[first..], &x[first..], mask, first, sums))
}

/// The sums of a part whose first element has index `first` in the mask's stream.
pub(super) fn add_part(
    residual: &[f32],
    x: &[f32],
    mask: Option<Mask>,
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

/// Calls `f(first, y)` for every part of an output of `len` values, with the index of the part's first.
fn map(len: usize, f: impl Fn(usize, &mut [f32]) + Send + Sync) -> Buffer {
    /// Values of a part, which stay in the nearest cache.
    const PART: usize = 1 << 12;
    let mut y = Buffer::unspecified(len);
    parallel::for_each_rows(&mut y, 1, PART, 8 * len, f);
    y
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use proptest::prelude::*;

    use super::*;
    use crate::dropout::{self as public, add_dropout, plain_sum};
    use crate::flex::testing::{
        assert_same_for_any_number_of_threads, normal, value_and_gradients,
    };

    fn key() -> RandomKey {
        RandomKey::new(7).stream("dropout").at_step(3)
    }

    /// The sum and the gradients of residual and x.
    fn run(
        body: fn(Tensor<2>, Tensor<2>, f32, Mode) -> Tensor<2>,
        shape: [usize; 2],
        p: f32,
    ) -> Vec<TensorData> {
        let device = Device::flex().autodiff();
        let [residual, x] = [1, 2].map(|seed| normal::<2>(seed, shape, &device).require_grad());
        let y = body(residual.clone(), x.clone(), p, Mode::Train(key()));
        value_and_gradients!(y, [residual, x])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn fused_and_plain_have_the_same_bits(
            rows in 0..50_usize,
            cols in 1..700_usize,
            p in prop_oneof![Just(0.0_f32), 0.01..0.99_f32],
        ) {
            let shape = [rows, cols];
            prop_assert_eq!(run(add_dropout, shape, p), run(plain_sum, shape, p));
            let x = normal::<3>(1, [rows, cols, 1], &Device::flex());
            let fused = super::dropout(x.clone(), p, key()).into_data();
            prop_assert_eq!(fused, public::plain(x, p, key()).into_data());
        }
    }

    #[test]
    fn the_gradient_passes_where_the_value_passed() {
        let device = Device::flex().autodiff();
        let x = Tensor::<2>::ones([40, 50], &device).require_grad();
        let y = public::dropout(x.clone(), 0.4, Mode::Train(key()));
        let gradient = x.grad(&y.clone().sum().backward()).expect("a gradient");
        assert_eq!(gradient.into_data(), y.into_data());
    }

    #[test]
    fn bits_do_not_depend_on_the_number_of_threads() {
        assert_same_for_any_number_of_threads(|| run(add_dropout, [70, 900], 0.1));
    }

    #[test]
    fn an_untracked_residual_leaves_the_gradient_of_x_as_it_is() {
        let device = Device::flex().autodiff();
        let [residual, x] = [1, 2].map(|seed| normal::<2>(seed, [3, 5], &device));
        let x = x.require_grad();
        let y = public::add_dropout(residual, x.clone(), 0.2, Mode::Train(key()));
        let [sum, _, gradient] = &run(plain_sum, [3, 5], 0.2)[..] else { panic!("three results") };
        assert_eq!(value_and_gradients!(y, [x]), [sum.clone(), gradient.clone()]);
    }
}
