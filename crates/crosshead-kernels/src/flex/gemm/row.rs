//! X·Wᵀ for one row: a decoding step of a single sequence.
//!
//! Every weight is read once, so memory bandwidth is the limit. Rows are read one after the other, in memory order,
//! which the hardware prefetcher recognizes; interleaving rows or explicit prefetching is slower.

use pulp::{Simd, WithSimd};

/// Independent partial sums, so that additions do not wait for each other.
const PARTS: usize = 4;

/// `out`\[j\] = `x` · row j of `weight`.
///
/// # Panics
/// If `weight` has fewer rows of length `x.len()` than `out` has values.
pub(crate) fn multiply_row(x: &[f32], weight: &[f32], out: &mut [f32]) {
    pulp::Arch::new().dispatch(MatrixVector { x, weight, out });
}

struct MatrixVector<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for MatrixVector<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, weight, out } = self;
        assert!(weight.len() >= out.len() * x.len(), "the weight has too few rows");
        let (vectors, rest) = S::as_simd_f32s(x);
        if x.is_empty() {
            out.fill(0.0);
        }
        for (out, row) in out.iter_mut().zip(weight.chunks_exact(x.len().max(1))) {
            let (row_vectors, row_rest) = S::as_simd_f32s(row);
            let sum = simd.reduce_sum_f32s(multiply_vectors(simd, vectors, row_vectors));
            let terms = rest.iter().zip(row_rest).map(|(x, weight)| x * weight);
            *out = terms.fold(sum, |sum, term| sum + term);
        }
    }
}

/// The element-wise products of two rows, summed to one vector.
#[inline(always)]
fn multiply_vectors<S: Simd>(simd: S, x: &[S::f32s], weight: &[S::f32s]) -> S::f32s {
    let (x, x_rest) = x.as_chunks::<PARTS>();
    let (weight, weight_rest) = weight.as_chunks::<PARTS>();
    let mut sums = [simd.splat_f32s(0.0); PARTS];
    for (x, weight) in x.iter().zip(weight) {
        for ((sum, &x), &weight) in sums.iter_mut().zip(x).zip(weight) {
            *sum = simd.mul_add_e_f32s(x, weight, *sum);
        }
    }
    for ((sum, &x), &weight) in sums.iter_mut().zip(x_rest).zip(weight_rest) {
        *sum = simd.mul_add_e_f32s(x, weight, *sum);
    }
    let [a, b, c, d] = sums;
    simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(seed: f32, len: usize) -> Vec<f32> {
        (0..len).map(|i| (seed + i as f32).sin()).collect()
    }

    proptest! {
        #[test]
        fn every_size_matches_the_definition_with_and_without_vectors(
            d_in in 0..200_usize,
            d_out in 0..20_usize,
            seed in 0.0..100.0_f32,
        ) {
            let (x, weight) = (values(seed, d_in), values(-seed, d_in * d_out));
            let mut vector = vec![f32::NAN; d_out];
            multiply_row(&x, &weight, &mut vector);
            let mut scalar = vec![f32::NAN; d_out];
            pulp::Scalar::new()
                .vectorize(MatrixVector { x: &x, weight: &weight, out: &mut scalar });
            for j in 0..d_out {
                let pairs = x.iter().zip(&weight[j * d_in..]);
                let expected: f64 = pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                for found in [vector[j], scalar[j]] {
                    // 200 additions to sums below 200, each with a relative rounding error of at most 2⁻²⁴.
                    prop_assert!((f64::from(found) - expected).abs() < 1e-4, "{found} {expected}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "too few rows")]
    fn a_weight_with_too_few_rows_panics() {
        multiply_row(&[1.0; 4], &[1.0; 7], &mut [0.0; 2]);
    }
}
