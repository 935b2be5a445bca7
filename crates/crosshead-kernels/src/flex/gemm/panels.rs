//! X·Wᵀ for 9 to 64 rows: a short sequence, or a decoding step of a batch.
//!
//! A vector holds one feature of several rows, one per lane, so that no sums need to be reduced across lanes, and each
//! weight is read once for all rows.

use pulp::{Simd, WithSimd};

use super::prefetch::prefetch;
use super::transpose::transpose;
use crate::flex::runtime::buffer::Buffer;

/// Rows of the weight per block.
const BLOCK: usize = 8;

/// Rows transposed into panels, `[panels, d_in, lanes]`, and padded with zero rows.
pub(crate) struct Panels {
    values: Buffer,
    d_in: usize,
    lanes: usize,
}

impl Panels {
    /// The panels of `x`, `[rows, d_in]`.
    pub(crate) fn new(x: &[f32], d_in: usize) -> Self {
        Self::with_lanes(x, d_in, pulp::Arch::new().dispatch(Lanes))
    }

    fn with_lanes(x: &[f32], d_in: usize, lanes: usize) -> Self {
        let len = lanes * d_in;
        let mut values = Buffer::unspecified(x.len().div_ceil(len.max(1)) * len);
        let mut panels = values.chunks_exact_mut(len.max(1));
        let (whole, rest) = x.split_at(x.len() - x.len() % len.max(1));
        whole
            .chunks_exact(len.max(1))
            .zip(&mut panels)
            .for_each(|(rows, panel)| transpose(rows, lanes, panel));
        if let Some(panel) = panels.next() {
            let mut rows = Buffer::zeros(len);
            rows[..rest.len()].copy_from_slice(rest);
            transpose(&rows, lanes, panel);
        }
        Self { values, d_in, lanes }
    }

    /// `out`\[i\]\[j\] = row i · `weight` row j.
    ///
    /// The result of a row does not depend on the number of rows.
    ///
    /// # Panics
    /// If `out` has more rows than the panels, or a row of `out` is longer than `weight` has rows.
    pub(crate) fn multiply(&self, weight: &[f32], out: &mut [&mut [f32]]) {
        pulp::Arch::new().dispatch(Multiply { panels: self, weight, out });
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

struct Multiply<'a, 'out> {
    panels: &'a Panels,
    weight: &'a [f32],
    out: &'a mut [&'out mut [f32]],
}

impl WithSimd for Multiply<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { panels: &Panels { ref values, d_in, lanes }, weight, out } = self;
        assert_eq!(lanes, S::F32_LANES, "panels are as wide as vectors");
        assert!(out.len() * d_in <= values.len(), "more rows than the panels hold");
        if d_in == 0 {
            out.iter_mut().for_each(|row| row.fill(0.0));
        }
        let d_out = out.first().map_or(0, |row| row.len());
        let panels = S::as_simd_f32s(values).0.chunks_exact(d_in.max(1));
        let per_panel = (BLOCK * d_in).div_ceil(panels.len().max(1));
        for first in (0..d_out).step_by(BLOCK) {
            let block = &weight[first * d_in..];
            let next = block.get(BLOCK * d_in..).unwrap_or_default();
            for (index, (panel, out)) in panels.clone().zip(out.chunks_mut(lanes)).enumerate() {
                let ahead = next.get(index * per_panel..).unwrap_or_default();
                let ahead = &ahead[..ahead.len().min(per_panel)];
                if d_out - first >= BLOCK {
                    tile::<S, BLOCK>(simd, panel, block, ahead, first, out);
                } else {
                    for (col, row) in (first..d_out).zip(block.chunks_exact(d_in.max(1))) {
                        tile::<S, 1>(simd, panel, row, &[], col, out);
                    }
                }
            }
        }
    }
}

/// Elements of the widest vector.
const MAX_LANES: usize = 16;

/// Multiplies the rows of a panel by `C` rows of the weight into the columns of `out` starting at `first`, and
/// prefetches `ahead`.
#[inline(always)]
fn tile<S: Simd, const C: usize>(
    simd: S,
    panel: &[S::f32s],
    weight: &[f32],
    ahead: &[f32],
    first: usize,
    out: &mut [&mut [f32]],
) {
    let d_in = panel.len();
    let rows: [&[f32]; C] = std::array::from_fn(|j| &weight[j * d_in..][..d_in]);
    let mut sums = [simd.splat_f32s(0.0); C];
    for k in 0..d_in {
        if let Some(value) = ahead.get(k * C) {
            prefetch(value);
        }
        for j in 0..C {
            sums[j] = simd.mul_add_e_f32s(panel[k], simd.splat_f32s(rows[j][k]), sums[j]);
        }
    }
    for (j, sum) in sums.iter().enumerate() {
        let mut values = [0.0; MAX_LANES];
        S::as_mut_simd_f32s(&mut values[..S::F32_LANES]).0[0] = *sum;
        for (out, value) in out.iter_mut().zip(values) {
            out[first + j] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product(x: &[f32], weight: &[f32], d_in: usize, rows: usize, d_out: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; rows * d_out];
        let mut columns: Vec<&mut [f32]> = out.chunks_mut(d_out).collect();
        Panels::new(x, d_in).multiply(weight, &mut columns);
        out
    }

    fn values(seed: f32, len: usize) -> Vec<f32> {
        (0..len).map(|i| (seed + i as f32).sin()).collect()
    }

    proptest! {
        #[test]
        fn every_size_matches_the_definition_with_and_without_vectors(
            d_in in 0..70_usize, rows in 1..40_usize, d_out in 1..30_usize, seed in 0.0..100.0_f32,
        ) {
            let (x, weight) = (values(seed, rows * d_in), values(-seed, d_out * d_in));
            let vector = product(&x, &weight, d_in, rows, d_out);
            let mut scalar = vec![f32::NAN; rows * d_out];
            let panels = &Panels::with_lanes(&x, d_in, Lanes.with_simd(pulp::Scalar::new()));
            let out = &mut scalar.chunks_mut(d_out).collect::<Vec<_>>();
            pulp::Scalar::new().vectorize(Multiply { panels, weight: &weight, out });
            for i in 0..rows {
                for j in 0..d_out {
                    let pairs = x[i * d_in..][..d_in].iter().zip(&weight[j * d_in..][..d_in]);
                    let expected: f64 = pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    for found in [vector[i * d_out + j], scalar[i * d_out + j]] {
                        // 70 additions to sums below 70, each with a relative rounding error of at most 2⁻²⁴.
                        prop_assert!((f64::from(found) - expected).abs() < 1e-4);
                    }
                }
            }
        }

        #[test]
        fn a_row_does_not_depend_on_the_other_rows(d_in in 1..70_usize, rows in 1..40_usize) {
            let (x, weight) = (values(1.0, rows * d_in), values(2.0, 11 * d_in));
            let together = product(&x, &weight, d_in, rows, 11);
            for (row, expected) in x.chunks(d_in).zip(together.chunks(11)) {
                prop_assert_eq!(product(row, &weight, d_in, 1, 11), expected);
            }
        }
    }
}
