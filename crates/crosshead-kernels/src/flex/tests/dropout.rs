//! Dropout, with and without the residual connection.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::args::dropout::DropoutMask;
use crate::flex::testing::{assert_same_for_any_number_of_threads, normal, value_and_gradients};
use crate::ops::dropout::{self, add_dropout};
use crate::random::{Mode, RandomKey};

fn key() -> RandomKey {
    RandomKey::new(7).stream("dropout").at_step(3)
}

fn plain_sum(residual: Tensor<2>, x: Tensor<2>, p: f32, mode: Mode) -> Tensor<2> {
    dropout::plain_sum(residual, x, DropoutMask::active(p, mode))
}

fn plain<const D: usize>(x: Tensor<D>, p: f32, mode: Mode) -> Tensor<D> {
    DropoutMask::active(p, mode).map_or(x.clone(), |mask| dropout::plain(x, mask))
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
    fn fused_and_plain_are_bit_identical(
        rows in 0..50_usize,
        cols in 1..700_usize,
        p in prop_oneof![Just(0.0_f32), 0.01..0.99_f32],
    ) {
        let shape = [rows, cols];
        prop_assert_eq!(run(add_dropout, shape, p), run(plain_sum, shape, p));
        let x = normal::<3>(1, [rows, cols, 1], &Device::flex());
        let mode = Mode::Train(key());
        let fused = dropout::dropout(x.clone(), p, mode).into_data();
        prop_assert_eq!(fused, plain(x, p, mode).into_data());
    }
}

#[test]
fn the_gradient_flows_where_the_value_was_kept() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::ones([40, 50], &device).require_grad();
    let y = dropout::dropout(x.clone(), 0.4, Mode::Train(key()));
    let gradient = x.grad(&y.clone().sum().backward()).expect("a gradient");
    assert_eq!(gradient.into_data(), y.into_data());
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    assert_same_for_any_number_of_threads(|| run(add_dropout, [70, 900], 0.1));
}

#[test]
fn an_untracked_residual_does_not_change_the_gradient_of_x() {
    let device = Device::flex().autodiff();
    let [residual, x] = [1, 2].map(|seed| normal::<2>(seed, [3, 5], &device));
    let x = x.require_grad();
    let y = dropout::add_dropout(residual, x.clone(), 0.2, Mode::Train(key()));
    let [sum, _, gradient] = &run(plain_sum, [3, 5], 0.2)[..] else { panic!("three results") };
    assert_eq!(value_and_gradients!(y, [x]), [sum.clone(), gradient.clone()]);
}
