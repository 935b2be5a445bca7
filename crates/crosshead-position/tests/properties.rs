//! What positions must be, whatever their layout.

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

/// Sine and cosine of each frequency at a position.
fn pairs(layout: SinusoidLayout, d_model: usize, position: usize) -> Vec<(f64, f64)> {
    let positions = SinusoidalPositionsConfig::new(d_model).with_layout(layout).init();
    let row = positions.forward(position, 1, &Device::flex()).into_data();
    let row: Vec<f64> = row.iter::<f64>().collect();
    let half = d_model / 2;
    let places = (0..half).map(|i| match layout {
        SinusoidLayout::Interleaved => (2 * i, 2 * i + 1),
        SinusoidLayout::Concatenated | SinusoidLayout::Tensor2Tensor => (i, half + i),
    });
    places.map(|(sine, cosine)| (row[sine], row[cosine])).collect()
}

proptest! {
    /// The reason the paper gives for sinusoids (section 3.5).
    #[test]
    fn a_step_of_k_positions_is_a_rotation_that_only_depends_on_k(
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
    fn learned_positions_of_a_step_are_those_of_the_whole(
        start in 0..6_usize, len in 1..4_usize, offset in 0..3_usize,
    ) {
        let device = Device::flex();
        let table = LearnedPositionsConfig::new(10, 4).with_offset(offset).init(&device);
        let positions = Positions::Learned(jittered(table, 1.0, 1));
        let whole = positions.forward(0, 10, &device);
        assert_close(&positions.forward(start, len, &device), &whole.narrow(0, start, len), 0.0, 0.0);
    }
}

#[test]
fn a_gradient_reaches_the_rows_of_the_positions_used_and_no_others() {
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
fn only_learned_positions_have_an_end() {
    let device = Device::flex();
    let learned = Positions::Learned(LearnedPositionsConfig::new(7, 2).init(&device));
    let sinusoidal = Positions::Sinusoidal(SinusoidalPositionsConfig::new(2).init());
    assert_eq!((learned.max_len(), sinusoidal.max_len()), (Some(7), None));
    assert_eq!(sinusoidal.forward(1_000_000, 1, &device).dims(), [1, 2]);
}
