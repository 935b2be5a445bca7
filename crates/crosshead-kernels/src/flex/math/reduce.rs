//! Reductions over slices.
//!
//! These functions are inlined into their callers, which run them inside
//! [`vectorized`](crate::flex::runtime::simd::vectorized).

use super::exp::exp;

/// The number of partial results of a reduction: one vector of the widest registers, so that lanes are independent.
const LANES: usize = 16;

/// The greatest value, or −∞ for an empty slice; NaN is ignored.
#[inline(always)]
pub(crate) fn max(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = greater(*lane, value);
        }
    }
    rest.iter().fold(combine(lanes, greater), |max, &value| greater(max, value))
}

#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// The sum, in an order that depends only on the length.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    rest.iter().fold(sum_lanes(lanes), |sum, value| sum + value)
}

/// Σ aᵢ·bᵢ of two slices of equal length, in an order that depends only on the length.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a_chunks, a_rest), (b_chunks, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    a_rest.iter().zip(b_rest).fold(sum_lanes(lanes), |sum, (a, b)| sum + a * b)
}

/// Replaces every value with e^(value − `shift`) and returns the sum.
#[inline(always)]
pub(crate) fn exp_and_sum(values: &mut [f32], shift: f32) -> f32 {
    let (chunks, rest) = values.as_chunks_mut::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *value = exp(*value - shift);
            *lane += *value;
        }
    }
    rest.iter_mut().fold(sum_lanes(lanes), |sum, value| {
        *value = exp(*value - shift);
        sum + *value
    })
}

/// The lanes combined pairwise, as a tree.
#[inline(always)]
fn combine(mut lanes: [f32; LANES], pair: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] = pair(lanes[lane], lanes[lane + half]);
        }
        half /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn sum_lanes(lanes: [f32; LANES]) -> f32 {
    combine(lanes, |a, b| a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reductions_equal_their_definition_at_every_length() {
        for len in 0..70 {
            let values: Vec<f32> = (0..len).map(|i| (i as f32 * 37.0).sin() * 3.0).collect();
            let expected = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(max(&values), expected);
            let close = |got: f32, expected: f32| {
                assert!((got - expected).abs() < 1e-4, "{len}: {got} {expected}");
            };
            close(sum(&values), values.iter().sum());
            close(dot(&values, &values), values.iter().map(|v| v * v).sum());
            let mut powers = values.clone();
            close(exp_and_sum(&mut powers, 3.0), values.iter().map(|v| (v - 3.0).exp()).sum());
            for (power, value) in powers.iter().zip(values) {
                close(*power, (value - 3.0).exp());
            }
        }
    }
}
