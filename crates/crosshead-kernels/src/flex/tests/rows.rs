//! Reordering the rows of a cache.

use burn::tensor::{Device, Int, Tensor, TensorData};
use proptest::prelude::*;

use crate::flex::testing::normal;

fn selected(rows: &[usize], shared: bool, len: usize) -> (TensorData, TensorData) {
    let device = Device::flex();
    let x = normal::<4>(1, [6, 5, 2, 3], &device);
    let ids: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [rows.len()]), &device);
    let expected = (x.clone() * 1.0).select(0, ids.clone());
    let held = shared.then(|| x.clone());
    let before = x.to_data();
    let found = crate::select_rows(x, ids, len);
    if let Some(held) = held {
        assert_eq!(held.into_data(), before, "a shared tensor has changed");
    }
    (found.narrow(1, 0, len).into_data(), expected.narrow(1, 0, len).into_data())
}

proptest! {
    #[test]
    fn fused_equals_plain(
        rows in proptest::collection::vec(0..6_usize, 1..9), shared: bool, len in 1..6_usize,
    ) {
        let (found, expected) = selected(&rows, shared, len);
        prop_assert_eq!(found, expected);
    }
}

#[test]
#[should_panic(expected = "row 6 is outside the batch of 6")]
fn a_row_outside_the_batch_panics_with_the_row() {
    let device = Device::flex();
    let rows = Tensor::<1, Int>::from_data([0, 6], &device);
    let _ = crate::select_rows(normal(1, [6, 5, 2, 3], &device), rows, 1);
}
