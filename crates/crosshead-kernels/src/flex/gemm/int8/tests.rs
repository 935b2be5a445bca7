//! All routines and instruction sets agree with the definition, bit for bit.

use proptest::prelude::*;

use super::dispatch::{Weight, project_by};
use super::isa::Isa;
use super::rows::{Rows, quantize};
use crate::args::int8::Int8Weight;

/// The sums of the rows of a weight.
fn row_sums(values: &[i8], d_in: usize) -> Vec<f32> {
    values.chunks(d_in).map(|row| row.iter().map(|&value| f32::from(value)).sum()).collect()
}

/// The product computed with an instruction set; `finish` adds a value that depends on the position.
fn product(isa: Isa, x: &[f32], rows: usize, weights: [Weight; 2]) -> [Vec<f32>; 2] {
    let quantized = Rows::new(x, rows, weights[0].d_in);
    let mut outputs = weights.map(|weight| vec![f32::NAN; rows * weight.d_out]);
    let [first, second] = &mut outputs;
    let finish = |index: usize, row: usize, first: usize, part: &mut [f32]| {
        for (col, value) in (first..).zip(part) {
            *value += (index + 2 * row + 3 * col) as f32;
        }
    };
    project_by(isa, &quantized, weights, [first, second], finish);
    outputs
}

/// The same product, by definition.
fn expected(x: &[f32], rows: usize, weights: [Weight; 2]) -> [Vec<f32>; 2] {
    let d_in = weights[0].d_in;
    [0, 1].map(|index| {
        let weight = weights[index];
        let mut out = Vec::new();
        for row in 0..rows {
            let mut values = vec![0; d_in];
            let of_row = quantize(&x[row * d_in..][..d_in], &mut values);
            let zero = i32::from(of_row.zero);
            for col in 0..weight.d_out {
                let pairs = values.iter().zip(&weight.values[col * d_in..][..d_in]);
                let sum: i32 = pairs.map(|(&x, &w)| (i32::from(x) - zero) * i32::from(w)).sum();
                let y = sum as f32 * of_row.scale * weight.scales[col];
                out.push(y + (index + 2 * row + 3 * col) as f32);
            }
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_instruction_set_gives_the_definition(
        rows in prop_oneof![0..20_usize, 40..70_usize],
        d_in in prop_oneof![1..70_usize, 120..300_usize],
        d_outs in prop::array::uniform2(1..150_usize),
        seed in any::<u32>(),
    ) {
        let random = |i: usize| (i as u32).wrapping_mul(0x9E37_79B9).wrapping_add(seed) >> 8;
        let x: Vec<f32> = (0..rows * d_in).map(|i| random(i) as f32 / 1e6 - 8.0).collect();
        let values: Vec<i8> = (0..150 * d_in).map(|i| random(i + 7) as i8).collect();
        let scales: Vec<f32> = (0..150).map(|i| 0.5 + i as f32).collect();
        let sums = row_sums(&values, d_in);
        let weights = d_outs.map(|d_out| {
            let values = &values[..d_out * d_in];
            Weight { values, scales: &scales[..d_out], sums: &sums[..d_out], d_in, d_out }
        });
        let expected = expected(&x, rows, weights);
        for isa in Isa::available() {
            prop_assert!(product(isa, &x, rows, weights) == expected, "{isa:?}");
        }
    }
}

#[test]
fn the_largest_sums_do_not_overflow() {
    let d_in = Int8Weight::MAX_D_IN;
    let values = [vec![-128_i8; d_in], vec![127; d_in]].concat();
    let sums = row_sums(&values, d_in);
    let weight = Weight { values: &values, scales: &[1.0; 2], sums: &sums, d_in, d_out: 2 };
    for isa in Isa::available() {
        for rows in [1, 13] {
            let x: Vec<f32> =
                (0..rows).flat_map(|row| vec![1.0 - 2.0 * (row % 2) as f32; d_in]).collect();
            let quantized = Rows::new(&x, rows, d_in);
            let mut y = vec![0.0; rows * 2];
            project_by(isa, &quantized, [weight], [&mut y], |_, _, _, _| {});
            for (row, y) in y.chunks(2).enumerate() {
                let scale = (1.0 - 2.0 * (row % 2) as f32) * d_in as f32;
                let expected = [-128.0 * scale, 127.0 * scale];
                for (y, expected) in y.iter().zip(expected) {
                    assert!((y / expected - 1.0).abs() < 1e-6, "{isa:?}: {y}, not {expected}");
                }
            }
        }
    }
}

#[test]
fn a_row_with_a_nan_is_nan_and_others_are_not() {
    let values = [1_i8, 2, 3];
    let weight = Weight { values: &values, scales: &[1.0], sums: &[6.0], d_in: 3, d_out: 1 };
    let quantized = Rows::new(&[1.0, f32::NAN, 2.0, 1.0, 1.0, 1.0], 2, 3);
    for isa in Isa::available() {
        let mut y = [0.0; 2];
        project_by(isa, &quantized, [weight], [&mut y], |_, _, _, _| {});
        assert!(y[0].is_nan() && (y[1] - 6.0).abs() < 1e-5, "{isa:?}: {y:?}");
    }
}
