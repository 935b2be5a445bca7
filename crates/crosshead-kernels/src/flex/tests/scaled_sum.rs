//! α·x + β·y.

use burn::tensor::Device;
use proptest::prelude::*;

use crate::flex::testing::{assert_same_for_any_number_of_threads, normal};
use crate::ops::scaled_sum;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn fused_and_plain_sums_are_bit_identical(rows in 0..40_usize, cols in 1..900_usize) {
        let [x, y] = [1, 2].map(|seed| normal::<2>(seed, [rows, cols], &Device::flex()));
        let fused = scaled_sum::scaled_sum(x.clone(), 0.3, y.clone(), -1.7).into_data();
        prop_assert_eq!(fused, scaled_sum::plain(x, 0.3, y, -1.7).into_data());
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let [x, y] = [1, 2].map(|seed| normal::<2>(seed, [100, 1000], &Device::flex()));
    assert_same_for_any_number_of_threads(|| {
        vec![scaled_sum::scaled_sum(x.clone(), 0.9, y.clone(), 0.1).into_data()]
    });
}
