//! The exponential function.
//!
//! It is inlined into its callers, which run it inside [`vectorized`](crate::flex::runtime::simd::vectorized).

/// e^x within 2 ulp; 0 below −87.33 (including −∞), ∞ above 88.37, NaN for NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOWEST: f32 = -87.33;
    const HIGHEST: f32 = 88.38;
    /// 1.5·2²³: adding it rounds to an integer, which ends up in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts; the product of the upper part and an integer below 2¹⁰ is exact.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_ulp() {
        for step in 0..2_000_000 {
            let x = -87.32 + step as f32 * (88.36 + 87.32) / 2_000_000.0;
            let exact = f64::from(x).exp();
            let unit = f64::from((exact as f32).next_up() - exact as f32);
            let error = (f64::from(exp(x)) - exact).abs() / unit;
            assert!(error <= 2.0, "exp({x}) is off by {error} ulp");
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
}
