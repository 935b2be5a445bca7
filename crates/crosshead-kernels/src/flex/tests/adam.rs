//! Adam and the sum of squares.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::args::adam::AdamStep;
use crate::flex::testing::{assert_same_for_any_number_of_threads, normal};
use crate::ops::adam;

type Body =
    fn(Tensor<2>, Tensor<2>, Tensor<2>, Tensor<2>, AdamStep) -> (Tensor<2>, Tensor<2>, Tensor<2>);

/// The parameter and moment estimates after three steps with different gradients.
fn run(body: Body, shape: [usize; 2]) -> Vec<TensorData> {
    let device = Device::flex();
    let mut state =
        (normal(1, shape, &device), Tensor::zeros(shape, &device), Tensor::zeros(shape, &device));
    for step in 1..=3 {
        let (parameter, first, second) = state;
        let gradient = normal(10 + step, shape, &device);
        let step = AdamStep {
            learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.98,
            epsilon: 1e-9,
            weight_decay: 0.1,
            step,
            gradient_scale: 0.3,
        };
        state = body(parameter, gradient, first, second, step);
    }
    vec![state.0.into_data(), state.1.into_data(), state.2.into_data()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn fused_and_plain_steps_are_bit_identical(rows in 0..40_usize, cols in 1..900_usize) {
        prop_assert_eq!(run(adam::adam_step, [rows, cols]), run(adam::plain, [rows, cols]));
    }

    #[test]
    fn sums_of_squares_agree(rows in 0..40_usize, cols in 1..900_usize) {
        let x = normal::<2>(1, [rows, cols], &Device::flex());
        let (fused, plain) = (adam::sum_of_squares(&x), adam::plain_sum_of_squares(&x));
        prop_assert!((fused - plain).abs() <= 1e-12 * plain);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    assert_same_for_any_number_of_threads(|| run(adam::adam_step, [100, 1000]));
    let x = normal::<2>(1, [100, 1000], &Device::flex());
    assert_same_for_any_number_of_threads(|| vec![TensorData::from([adam::sum_of_squares(&x)])]);
}

#[test]
fn a_shared_parameter_keeps_its_values() {
    let device = Device::flex();
    let [parameter, gradient, first, second] =
        [1, 2, 3, 4].map(|seed| normal::<1>(seed, [50], &device).abs());
    let (kept, kept_first) = (parameter.clone(), first.clone());
    let before = (kept.to_data(), kept_first.to_data());
    let step = AdamStep {
        learning_rate: 0.1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
        step: 1,
        gradient_scale: 1.0,
    };
    let (after, ..) = adam::adam_step(parameter, gradient, first, second, step);
    assert_eq!((kept.to_data(), kept_first.to_data()), before);
    assert_ne!(after.to_data(), before.0);
}

#[test]
#[should_panic(expected = "second [5] must have the shape of the parameter [4]")]
fn mismatched_shapes_panic_with_both_shapes() {
    let device = Device::flex();
    let x = |len| Tensor::<1>::zeros([len], &device);
    let step = AdamStep {
        learning_rate: 0.1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
        step: 1,
        gradient_scale: 1.0,
    };
    let _ = adam::adam_step(x(4), x(4), x(4), x(5), step);
}
