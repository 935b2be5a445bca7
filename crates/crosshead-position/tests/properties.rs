//! Properties of absolute positional encodings.

use burn::tensor::{Device, Tensor};
use crosshead_position::{
    LearnedPositionsConfig, Positions, SinusoidLayout, SinusoidalPositionsConfig,
};
use crosshead_testkit::{
    a_gradient_reaches_every_parameter, assert_close, gradients_by_path, jittered,
};
use proptest::prelude::*;

fn layouts() -> impl Strategy<Value = SinusoidLayout> {
    use SinusoidLayout::{Concatenated, Interleaved, Tensor2Tensor};
    prop::sample::select(vec![Interleaved, Concatenated, Tensor2Tensor])
}

/// The sine and cosine of each frequency at a position.
fn pairs(layout: SinusoidLayout, d_model: usize, position: usize) -> Vec<(f64, f64)> {
    let positions = SinusoidalPositionsConfig::new(d_model).with_layout(layout).init();
    let row = positions.forward(position, 1, &Device::flex()).into_data();
    let row: Vec<f64> = row.iter::<f64>().collect();
    let half = d_model / 2;
    let columns = (0..half).map(|i| match layout {
        SinusoidLayout::Interleaved => (2 * i, 2 * i + 1),
        SinusoidLayout::Concatenated | SinusoidLayout::Tensor2Tensor => (i, half + i),
    });
    columns.map(|(sine, cosine)| (row[sine], row[cosine])).collect()
}

proptest! {
    /// The property that led the paper to choose sinusoids (section 3.5).
    #[test]
    fn a_shift_by_k_positions_is_a_rotation_that_depends_only_on_k(
        layout in layouts(), half in 1..9_usize, position in 0..400_usize, k in 0..40_usize,
    ) {
        let d_model = 2 * half;
        let (from, to) = (pairs(layout, d_model, position), pairs(layout, d_model, position + k));
        for (i, ((sine, cosine), rotated)) in from.into_iter().zip(to).enumerate() {
            let share = match layout {
                SinusoidLayout::Tensor2Tensor => i as f64 / (half - 1).max(1) as f64,
                _ => (2 * i) as f64 / d_model as f64,
            };
            let angle = k as f64 / 10_000_f64.powf(share);
            let expected = (
                sine * angle.cos() + cosine * angle.sin(),
                cosine * angle.cos() - sine * angle.sin(),
            );
            prop_assert!((rotated.0 - expected.0).abs() < 1e-6, "{rotated:?} {expected:?}");
            prop_assert!((rotated.1 - expected.1).abs() < 1e-6, "{rotated:?} {expected:?}");
        }
    }

    #[test]
    fn learned_positions_at_an_offset_equal_the_full_table(
        start in 0..6_usize, len in 1..4_usize, offset in 0..3_usize,
    ) {
        let device = Device::flex();
        let table = LearnedPositionsConfig::new(10, 4).with_offset(offset).init(&device);
        let positions = Positions::Learned(jittered(table, 1.0, 1));
        let full = positions.forward(0, 10, &device);
        assert_close(&positions.forward(start, len, &device), &full.narrow(0, start, len), 0.0, 0.0);
    }
}

#[test]
fn only_the_rows_of_used_positions_get_a_gradient() {
    let device = Device::flex().autodiff();
    let table = LearnedPositionsConfig::new(4, 2).with_offset(2).init(&device);
    let loss = || table.forward(1, 2).sum();
    a_gradient_reaches_every_parameter(&table, &loss()).unwrap();
    let gradients = gradients_by_path(&table, &loss().backward());
    let rows: [[f32; 2]; 6] = [[0.0; 2], [0.0; 2], [0.0; 2], [1.0; 2], [1.0; 2], [0.0; 2]];
    let gradient = Tensor::<2>::from_data(gradients["weight"].clone(), &Device::flex());
    assert_close(&gradient, &Tensor::from_data(rows, &Device::flex()), 0.0, 0.0);
}

#[test]
fn only_learned_positions_have_a_maximum_length() {
    let device = Device::flex();
    let learned = Positions::Learned(LearnedPositionsConfig::new(7, 2).init(&device));
    let sinusoidal = Positions::Sinusoidal(SinusoidalPositionsConfig::new(2).init());
    assert_eq!((learned.max_len(), sinusoidal.max_len()), (Some(7), None));
    assert_eq!(sinusoidal.forward(1_000_000, 1, &device).dims(), [1, 2]);
}
