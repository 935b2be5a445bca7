//! The Newton–Schulz iteration.

use burn::tensor::{Device, Tensor};
use proptest::prelude::*;

use crate::flex::testing::{assert_close, assert_same_for_any_number_of_threads, normal};
use crate::ops::orthogonalize;

fn fused(matrices: Vec<Tensor<2>>) -> Vec<burn::tensor::TensorData> {
    orthogonalize::orthogonalize(matrices).into_iter().map(Tensor::into_data).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn fused_and_plain_iterations_agree(rows in 1..150_usize, cols in 1..150_usize, scale in -3..3_i32) {
        let x = normal::<2>(1, [rows, cols], &Device::flex()) * 10.0_f32.powi(scale);
        assert_close(&fused(vec![x.clone()]), &[orthogonalize::plain(x).into_data()], 1e-4);
    }

    #[test]
    fn they_agree_for_matrices_of_low_rank(rows in 70..150_usize, cols in 70..300_usize, rank in 1..8_usize) {
        let device = Device::flex();
        let x = normal::<2>(1, [rows, rank], &device).matmul(normal::<2>(2, [rank, cols], &device));
        assert_close(&fused(vec![x.clone()]), &[orthogonalize::plain(x).into_data()], 1e-3);
    }
}

#[test]
fn singular_values_become_about_one() {
    for shape in [[40, 40], [30, 90], [200, 70]] {
        let x = normal::<2>(1, shape, &Device::flex());
        let y = orthogonalize::orthogonalize(vec![x]).remove(0);
        let y = if shape[0] > shape[1] { y.transpose() } else { y };
        // The trace of Y·Yᵀ is the sum of the squared singular values.
        let mean = y.clone().square().sum().into_scalar::<f32>() / y.dims()[0] as f32;
        assert!((0.5..1.3).contains(&mean), "{shape:?}: {mean}");
    }
}

#[test]
fn a_matrix_of_zeros_stays_zero() {
    let zeros = Tensor::<2>::zeros([5, 9], &Device::flex());
    assert_eq!(fused(vec![zeros.clone()]), [zeros.into_data()]);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let device = Device::flex();
    assert_same_for_any_number_of_threads(|| {
        fused([[130, 70], [64, 64], [3, 200]].map(|shape| normal(1, shape, &device)).into())
    });
}
