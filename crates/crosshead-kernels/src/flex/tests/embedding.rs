//! The embedding lookup.

use burn::tensor::{Device, Int, Tensor, TensorData};
use proptest::prelude::*;

use crate::flex::testing::{
    assert_close, assert_same_for_any_number_of_threads, normal, value_and_gradients,
};
use crate::ops::embedding::{embedding, plain};

type Body = fn(Tensor<2>, Tensor<1, Int>, f32, Option<usize>) -> Tensor<2>;

/// The rows and the gradient of the table.
fn run(body: Body, shape: [usize; 2], ids: &[i64], padding_id: Option<usize>) -> Vec<TensorData> {
    let device = Device::flex().autodiff();
    let weight = normal::<2>(1, shape, &device).require_grad();
    let ids = Tensor::from_data(TensorData::new(ids.to_vec(), [ids.len()]), &device);
    let y = body(weight.clone(), ids, 16.0, padding_id);
    value_and_gradients!(y, [weight])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn fused_equals_plain(
        ids in proptest::collection::vec(0..600_i64, 1..300),
        d_model in 1..40_usize,
        padding: bool,
    ) {
        let padding_id = padding.then_some(ids[0] as usize);
        let (fused, plain) = (
            run(embedding, [600, d_model], &ids, padding_id),
            run(plain, [600, d_model], &ids, padding_id),
        );
        prop_assert_eq!(&fused[0], &plain[0]);
        // A token may occur a few dozen times, and the order of summation differs.
        assert_close(&fused, &plain, 2e-6);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let ids: Vec<i64> = (0..2000).map(|i| i * i % 1700).collect();
    assert_same_for_any_number_of_threads(|| run(embedding, [1700, 33], &ids, Some(0)));
}

#[test]
fn no_ids_give_no_rows_and_no_gradient() {
    let device = Device::flex().autodiff();
    let weight = normal::<2>(1, [5, 3], &device).require_grad();
    let ids = Tensor::<1, Int>::from_data(TensorData::new(Vec::<i64>::new(), [0]), &device);
    let y = embedding(weight.clone(), ids, 1.0, None);
    assert_eq!(y.dims(), [0, 3]);
    let gradient = weight.grad(&y.sum().backward()).expect("a gradient");
    assert_eq!(gradient.into_data(), Tensor::<2>::zeros([5, 3], &device.inner()).into_data());
}

#[test]
#[should_panic(expected = "token id 5 is outside the vocabulary of 5")]
fn an_id_outside_the_vocabulary_panics_with_the_id() {
    let device = Device::flex();
    let ids = Tensor::<1, Int>::from_data([0, 5], &device);
    let _ = embedding(normal(1, [5, 3], &device), ids, 1.0, None);
}
