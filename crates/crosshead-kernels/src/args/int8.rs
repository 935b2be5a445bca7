//! int8 weights.

use burn::tensor::Bytes;

/// 1.5 · 2²³: adding it to a number with a small magnitude rounds the number to an integer (half to even) in the low
/// bits of the sum.
#[cfg_attr(not(feature = "flex"), allow(dead_code, reason = "the fused operations read it"))]
pub(crate) const ROUND: f32 = 12_582_912.0;

/// Rows whose magnitudes are all smaller become zero.
pub(crate) const SMALLEST: f32 = 1.0 / (1_u128 << 120) as f32;

/// The largest quantized value.
const MAX: f32 = 127.0;

/// A weight matrix, symmetrically quantized to int8 with one scale per row: w ≈ scale · value.
#[derive(Debug)]
pub struct Int8Weight {
    /// i8 values, `[d_out, d_in]`.
    pub values: Bytes,
    /// `[d_out]`
    pub scales: Vec<f32>,
    /// `[d_out, d_in]`
    pub shape: [usize; 2],
}

impl Int8Weight {
    /// The maximum `d_in` for which a sum of products, each at most 255 · 128, fits into an i32.
    pub const MAX_D_IN: usize = 1 << 16;

    /// Quantizes a weight. The scale of a row maps its largest magnitude to 127; values are rounded half to even.
    ///
    /// # Panics
    /// If the length of `weight` does not match `shape`.
    pub fn quantize(weight: &[f32], shape: [usize; 2]) -> Self {
        let [d_out, d_in] = shape;
        assert_eq!(weight.len(), d_out * d_in, "values of a matrix {shape:?}");
        let mut values = vec![0_i8; weight.len()];
        let rows = values.chunks_exact_mut(d_in.max(1)).zip(weight.chunks_exact(d_in.max(1)));
        let mut scales: Vec<f32> = rows.map(|(values, row)| quantize(row, values)).collect();
        scales.resize(d_out, 0.0);
        Self { values: Bytes::from_elems(values), scales, shape }
    }

    /// The values multiplied by their scales, `[d_out, d_in]`.
    pub fn dequantize(&self) -> Vec<f32> {
        let [_, d_in] = self.shape;
        let rows = self.values.chunks_exact(d_in.max(1)).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&byte| f32::from(byte as i8) * scale))
            .collect()
    }
}

/// Quantizes one row of a weight, and returns its scale: its largest magnitude maps to 127, and values are rounded half
/// to even.
///
/// A row with NaN or infinity gets the scale NaN, so that divergence remains visible. A row whose magnitudes are all
/// below 2⁻¹²⁰ becomes zero.
fn quantize(row: &[f32], values: &mut [i8]) -> f32 {
    // The bit patterns of magnitudes are ordered like the magnitudes, with infinity and NaN last.
    let largest = row.iter().fold(0, |largest, x| (x.to_bits() & 0x7fff_ffff).max(largest));
    let largest = f32::from_bits(largest);
    if !largest.is_finite() || largest < SMALLEST {
        values.fill(0);
        return if largest.is_finite() { 0.0 } else { f32::NAN };
    }
    let inverse = MAX / largest;
    for (value, x) in values.iter_mut().zip(row) {
        *value = (x * inverse + ROUND).to_bits() as i8;
    }
    largest / MAX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_are_the_nearest_integers_half_to_even(
            x in prop::collection::vec(-1000.0..1000.0_f32, 1..200),
        ) {
            let mut values = vec![0; x.len()];
            let scale = quantize(&x, &mut values);
            let largest = x.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
            prop_assert_eq!(scale, largest / 127.0);
            for (x, value) in x.iter().zip(values) {
                let expected = (x * (127.0 / largest)).round_ties_even();
                prop_assert_eq!(f32::from(value), expected);
            }
        }
    }

    #[test]
    fn rows_that_are_not_finite_are_nan_and_tiny_ones_zero() {
        for (x, expected) in [
            (f32::NAN, f32::NAN),
            (f32::NEG_INFINITY, f32::NAN),
            (0.0, 0.0),
            (1e-38, 0.0),
            (f32::MAX, f32::MAX / 127.0),
        ] {
            let mut values = [1; 2];
            let scale = quantize(&[x, 0.0], &mut values);
            assert!(scale == expected || scale.is_nan() && expected.is_nan(), "{x}: {scale}");
            assert_eq!(values, [if x == f32::MAX { 127 } else { 0 }, 0]);
        }
    }

    #[test]
    fn quantized_twice_is_quantized_once() {
        let weight: Vec<f32> = (0..600).map(|i| (i as f32).sin()).collect();
        let once = Int8Weight::quantize(&weight, [3, 200]);
        let twice = Int8Weight::quantize(&once.dequantize(), [3, 200]);
        assert_eq!(once.values, twice.values);
        for (before, after) in weight.iter().zip(once.dequantize()) {
            assert!((before - after).abs() <= 0.5001 / 127.0, "{before} became {after}");
        }
    }
}
