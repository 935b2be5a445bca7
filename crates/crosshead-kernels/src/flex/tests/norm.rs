//! Layer normalization and root-mean-square normalization.

use burn::tensor::{Device, Tensor, TensorData};
use crosshead_testkit::gradients_agree_with_finite_differences;
use proptest::prelude::*;

use crate::flex::testing::{
    assert_close, assert_same_for_any_number_of_threads, normal, value_and_gradients,
};
use crate::ops::norm::{layer_norm, plain, plain_rms, rms_norm};

type Body = fn(Tensor<2>, Tensor<1>, Tensor<1>, f32) -> Tensor<2>;

/// The output and the gradients of x, γ and β.
fn run(body: Body, [rows, d_model]: [usize; 2]) -> Vec<TensorData> {
    let device = Device::flex().autodiff();
    let x = (normal::<2>(1, [rows, d_model], &device) * 2.0 + 0.5).detach().require_grad();
    let gamma = normal::<1>(2, [d_model], &device).require_grad();
    let beta = normal::<1>(3, [d_model], &device).require_grad();
    let y = body(x.clone(), gamma.clone(), beta.clone(), 1e-5);
    value_and_gradients!(y, [x, gamma, beta])
}

/// The output and the gradients of x and γ.
fn run_rms(
    body: fn(Tensor<2>, Tensor<1>, f32) -> Tensor<2>,
    [rows, d_model]: [usize; 2],
) -> Vec<TensorData> {
    let device = Device::flex().autodiff();
    let x = (normal::<2>(1, [rows, d_model], &device) * 2.0 + 0.5).detach().require_grad();
    let gamma = normal::<1>(2, [d_model], &device).require_grad();
    let y = body(x.clone(), gamma.clone(), 1e-5);
    value_and_gradients!(y, [x, gamma])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_fused_root_mean_square_norm_equals_the_plain_one(rows in 0..100_usize, d_model in 1..300_usize) {
        let sizes = [rows, d_model];
        // The gradient of a short row is a difference of nearly equal values.
        let tolerance = if d_model < 8 { 1e-4 } else { 4e-6 };
        assert_close(&run_rms(rms_norm, sizes), &run_rms(plain_rms, sizes), tolerance);
    }

    #[test]
    fn fused_equals_plain(rows in 0..100_usize, d_model in 2..300_usize) {
        // If a short row has two equal values, rounding errors are divided by √ε ≈ 3e-3.
        let tolerance = if d_model < 8 { 1e-4 } else { 4e-6 };
        assert_close(&run(layer_norm, [rows, d_model]), &run(plain, [rows, d_model]), tolerance);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for rows in [3, 500] {
        assert_same_for_any_number_of_threads(|| run(layer_norm, [rows, 129]));
        assert_same_for_any_number_of_threads(|| run_rms(rms_norm, [rows, 129]));
    }
}

#[test]
fn gradients_agree_with_central_differences() {
    let norm = |x: Tensor<2>| {
        let [gamma, beta] = [2, 3].map(|seed| normal::<1>(seed, [9], &x.device()));
        layer_norm(x, gamma, beta, 1e-5)
    };
    let x = normal::<2>(1, [4, 9], &Device::flex());
    gradients_agree_with_finite_differences(norm, &x, 2e-3).unwrap();
}

#[test]
fn constant_rows_give_beta_and_finite_gradients() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::full([2, 32], 3.0, &device).require_grad();
    let (gamma, beta) = (normal::<1>(2, [32], &device), normal::<1>(3, [32], &device));
    let y = layer_norm(x.clone(), gamma, beta.clone(), 1e-5);
    let results = value_and_gradients!(y, [x]);
    let expected = beta.unsqueeze::<2>().repeat_dim(0, 2).into_data();
    assert_close(&results[..1], &[expected], 1e-6);
    assert!(results[1].iter::<f32>().all(f32::is_finite));
}

#[test]
fn untracked_parameters_do_not_change_the_gradient_of_x() {
    let device = Device::flex().autodiff();
    let x = (normal::<2>(1, [5, 40], &device) * 2.0 + 0.5).detach().require_grad();
    let (gamma, beta) = (normal::<1>(2, [40], &device), normal::<1>(3, [40], &device));
    let y = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-5);
    let results = value_and_gradients!(y, [x, gamma, beta]);
    assert_close(&results, &run(plain, [5, 40])[..2], 4e-6);
}

#[test]
fn without_autodiff_the_output_is_the_same() {
    let device = Device::flex();
    let x = normal::<2>(1, [7, 24], &device) * 2.0 + 0.5;
    let (gamma, beta) = (normal(2, [24], &device), normal(3, [24], &device));
    assert_eq!(layer_norm(x, gamma, beta, 1e-5).into_data(), run(layer_norm, [7, 24])[0]);
}
