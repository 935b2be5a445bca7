//! Rows of activations, quantized to unsigned bytes.
//!
//! The bytes of a row divide the range of its values, extended to 0, into 255 steps. Rows with values of one sign, as
//! after ReLU, use all of them. 0 is represented exactly.

use rayon::prelude::*;

use crate::args::int8::{ROUND, SMALLEST};
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::words::Words;

/// Rows are padded to a multiple of this many bytes, which is the width of the widest vector.
const ALIGNMENT: usize = 64;

/// Rows per task.
const PART: usize = 16;

/// The largest quantized value.
const MAX: f32 = 255.0;

/// The scale of a quantized row and the value that represents 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    pub(super) scale: f32,
    pub(super) zero: u8,
}

/// Quantized rows: x ≈ row scale · (value − row zero).
pub(crate) struct Rows {
    /// u8, `[rows, stride]`, zero-padded.
    values: Words,
    /// `[rows]`
    rows: Vec<Row>,
    stride: usize,
}

impl Rows {
    /// Quantizes `x`, `[rows, d_in]`.
    pub(crate) fn new(x: &[f32], rows: usize, d_in: usize) -> Self {
        let stride = d_in.next_multiple_of(ALIGNMENT).max(ALIGNMENT);
        let mut values = Words::unspecified(rows * stride / size_of::<i32>());
        let mut infos = vec![Row::default(); rows];
        if d_in == 0 {
            values.fill(0);
            return Self { values, rows: infos, stride };
        }
        if rows <= PART {
            quantize_rows(x, d_in, values.as_bytes_mut(), &mut infos);
            return Self { values, rows: infos, stride };
        }
        let parts = values.as_bytes_mut().par_chunks_mut(PART * stride);
        let parts = parts.zip(infos.par_chunks_mut(PART)).zip(x.par_chunks(PART * d_in));
        parallel::for_each(parts, x.len(), |((values, infos), x)| {
            quantize_rows(x, d_in, values, infos);
        });
        Self { values, rows: infos, stride }
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The stride between rows, in bytes.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The values from row `first` on, `[rows, stride]`.
    pub(super) fn values(&self, first: usize) -> &[u8] {
        &self.values.as_bytes()[first * self.stride..]
    }

    /// The scale of a row and the value that represents 0.
    pub(super) fn row(&self, row: usize) -> Row {
        self.rows[row]
    }
}

/// Quantizes `x`, `[rows, d_in]`, into padded rows.
fn quantize_rows(x: &[f32], d_in: usize, values: &mut [u8], infos: &mut [Row]) {
    let stride = values.len() / infos.len().max(1);
    let rows = values.chunks_exact_mut(stride.max(1)).zip(infos).zip(x.chunks_exact(d_in));
    vectorized(
        #[inline(always)]
        || {
            for ((values, info), x) in rows {
                values[d_in..].fill(0);
                *info = quantize(x, &mut values[..d_in]);
            }
        },
    );
}

/// Quantizes one row; values are rounded half to even.
///
/// A row with NaN or infinity gets the scale NaN, so that divergence remains visible. A row whose magnitudes are all
/// below 2⁻¹²⁰ becomes zero.
#[inline(always)]
pub(super) fn quantize(x: &[f32], values: &mut [u8]) -> Row {
    let (mut low, mut high) = (0, 0);
    for x in x {
        low = ordered(*x).min(low);
        high = ordered(*x).max(high);
    }
    let (low, high) = (from_ordered(low), from_ordered(high));
    let finite = low.is_finite() && high.is_finite();
    if !finite || high.max(-low) < SMALLEST {
        values.fill(0);
        return Row { scale: if finite { 0.0 } else { f32::NAN }, zero: 0 };
    }
    let scale = high / MAX - low / MAX;
    let inverse = 1.0 / scale;
    let zero = (ROUND - low * inverse).to_bits() as u8;
    // If the steps of both ends are rounded up, the upper one would be 256.
    let top = MAX - f32::from(zero);
    for (value, x) in values.iter_mut().zip(x) {
        let steps = x * inverse;
        let steps = if steps < top { steps } else { top };
        *value = ((steps + ROUND).to_bits() as u8).wrapping_add(zero);
    }
    Row { scale, zero }
}

/// An integer that is ordered like the number, with infinities and NaN at the ends.
#[inline(always)]
fn ordered(x: f32) -> i32 {
    from_ordered(x.to_bits() as i32).to_bits() as i32
}

/// The inverse of [`ordered`]: a negative number has its magnitude complemented.
#[inline(always)]
fn from_ordered(bits: i32) -> f32 {
    f32::from_bits(bits as u32 ^ ((bits >> 31) as u32 >> 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_are_padded_with_zeros() {
        let rows = Rows::new(&[1.0, -1.0, 4.0, 5.0, 2.0, 0.0], 2, 3);
        assert_eq!((rows.len(), rows.stride()), (2, 64));
        assert_eq!(rows.values(0)[..4], [102, 0, 255, 0]);
        assert_eq!(rows.values(1)[..4], [255, 102, 0, 0]);
        assert_eq!((rows.row(0).zero, rows.row(1).zero), (51, 0));
    }

    proptest! {
        #[test]
        fn values_are_the_nearest_of_255_steps(
            low in prop_oneof![Just(0.0), -1000.0..1000.0_f32],
            width in 0.001..2000.0_f32,
            x in prop::collection::vec(0.0..1.0_f32, 1..200),
        ) {
            let x: Vec<f32> = x.iter().map(|x| low + width * x).collect();
            let mut values = vec![0; x.len()];
            let Row { scale, zero } = quantize(&x, &mut values);
            let (low, high) = x.iter().fold((0.0_f32, 0.0_f32), |(low, high), x| (x.min(low), x.max(high)));
            prop_assert!((scale * 255.0 / (high - low) - 1.0).abs() < 1e-6, "{scale}");
            for (x, value) in x.iter().zip(values) {
                let error = scale * (i32::from(value) - i32::from(zero)) as f32 - x;
                prop_assert!(error.abs() <= 0.501 * scale, "{x}: {value} of {scale} and {zero}");
            }
        }
    }

    #[test]
    fn zero_is_exact_and_the_ends_do_not_wrap() {
        // Both ends are half a step away from a value.
        for (x, expected) in
            [([-127.5, 127.5, 0.0], [0, 255, 128]), ([-1.0, -255.0, 0.0], [254, 0, 255])]
        {
            let mut values = [0; 3];
            let row = quantize(&x, &mut values);
            assert_eq!((values, row.scale, row.zero), (expected, 1.0, expected[2]));
        }
    }

    #[test]
    fn rows_that_are_not_finite_are_nan_and_tiny_ones_zero() {
        for (x, expected) in [
            (f32::NAN, f32::NAN),
            (-f32::NAN, f32::NAN),
            (f32::NEG_INFINITY, f32::NAN),
            (f32::INFINITY, f32::NAN),
            (0.0, 0.0),
            (-0.0, 0.0),
            (1e-38, 0.0),
            (f32::MAX, f32::MAX / 255.0),
        ] {
            let mut values = [1; 2];
            let Row { scale, zero } = quantize(&[x, 0.0], &mut values);
            assert!(scale == expected || scale.is_nan() && expected.is_nan(), "{x}: {scale}");
            assert_eq!((values, zero), ([if x == f32::MAX { 255 } else { 0 }, 0], 0));
        }
        let mut values = [1; 2];
        let Row { scale, zero } = quantize(&[f32::MAX, f32::MIN], &mut values);
        assert!(scale.is_finite() && values == [255, 0] && zero == 128, "{scale}, {values:?}");
    }
}
