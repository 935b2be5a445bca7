//! The exponential and reductions over slices, in a form that compiles to vector instructions.
//!
//! Everything here is inlined into its caller, which runs it inside [`vectorized`](super::vectorized).

/// Partial results of a reduction: one vector of the widest registers, so that no lane waits for another.
const LANES: usize = 16;

/// e^x within 2 units in the last place; 0 below −87.33 (−∞ among them), ∞ above 88.37, NaN for NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOWEST: f32 = -87.33;
    const HIGHEST: f32 = 88.38;
    /// 1.5·2²³: adding it rounds to an integer, which then sits in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts; the product of the upper one and an integer below 2¹⁰ is exact.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    /// e^r = 1 + r + r²·(polynomial in r) for |r| ≤ ln(2)/2, from the highest power down (Cephes, `expf`).
    const POLYNOMIAL: [f32; 6] =
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5];

    let clamped = x.clamp(LOWEST, HIGHEST);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let exponent = shifted - ROUND;
    let r = clamped - exponent * LN_2.0 - exponent * LN_2.1;
    let mut tail = POLYNOMIAL[0];
    for coefficient in &POLYNOMIAL[1..] {
        tail = tail * r + coefficient;
    }
    let mantissa = tail * r * r + r + 1.0;
    // The bias of the exponent field is 127; at 128 the field reads ∞.
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    if x < LOWEST { 0.0 } else { mantissa * power }
}

/// The greatest value, or −∞ where there is none; NaN is passed over.
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

/// The sum, in an order that depends on the length alone.
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

/// Σ aᵢ·bᵢ of slices of one length, in an order that depends on it alone.
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

/// Replaces every value by e^(value − `shift`) and returns their sum.
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

/// The lanes combined in pairs, the pairs in pairs, and so on.
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
    fn exp_is_within_two_units_in_the_last_place() {
        for step in 0..2_000_000 {
            let x = -87.32 + step as f32 * (88.36 + 87.32) / 2_000_000.0;
            let exact = f64::from(x).exp();
            let unit = f64::from((exact as f32).next_up() - exact as f32);
            let error = (f64::from(exp(x)) - exact).abs() / unit;
            assert!(error <= 2.0, "exp({x}) is off by {error} units");
        }
    }

    #[test]
    fn exp_has_exact_limits() {
        assert_eq!(exp(0.0), 1.0);
        for x in [f32::NEG_INFINITY, f32::MIN, -1000.0, -88.0] {
            assert_eq!(exp(x), 0.0, "{x}");
        }
        for x in [f32::INFINITY, f32::MAX, 1000.0, 89.0] {
            assert_eq!(exp(x), f32::INFINITY, "{x}");
        }
        assert!(exp(f32::NAN).is_nan());
    }

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
