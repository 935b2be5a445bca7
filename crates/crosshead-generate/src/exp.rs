//! An exponential function that auto-vectorizes.

/// Inputs are clamped to this value, where `exp` is about 2e-38: smaller terms do not change a sum that contains `exp(0)`.
const LOWEST: f32 = -87.0;

/// `1.5 · 2²³`: adding it to a small number rounds that number to an integer and leaves it in the low bits.
const ROUND: f32 = 12_582_912.0;

/// High part of ln 2, with enough trailing zeros that multiplying it by an exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;

/// `ln 2 - LN_2_HIGH`.
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// `eˣ` for `x ≤ 0`, accurate to 2 ULP; NaN gives NaN.
///
/// Uses the argument reduction `x = n ln 2 + r` and the polynomial of Cephes' `expf` for `eʳ`. There are no branches, tables
/// or fused multiply-adds, so loops over it vectorize and give bitwise identical results on every processor.
#[inline(always)]
pub(crate) fn exp_nonpositive(x: f32) -> f32 {
    // `f32::max` would replace NaN.
    let x = if x < LOWEST { LOWEST } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut poly = 1.987_569_1e-4;
    poly = poly * r + 1.398_199_9e-3;
    poly = poly * r + 8.333_452e-3;
    poly = poly * r + 4.166_579_6e-2;
    poly = poly * r + 1.666_666_5e-1;
    poly = poly * r + 0.5;
    let exp_r = poly * (r * r) + r + 1.0;
    // 2ⁿ, with n taken from the low bits of the rounded sum.
    let power = f32::from_bits(shifted.to_bits().wrapping_shl(23).wrapping_add(1.0f32.to_bits()));
    exp_r * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_accurate_to_two_ulp() {
        for i in 0..200_000 {
            let x = -87.0 * i as f32 / 200_000.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp_nonpositive(x)) - exact).abs() / exact;
            assert!(error < 2.0 * f64::from(f32::EPSILON), "exp({x}) is off by {error:e}");
        }
    }

    #[test]
    fn handles_zero_negative_infinity_and_nan() {
        assert_eq!(exp_nonpositive(0.0), 1.0);
        assert!(exp_nonpositive(f32::NEG_INFINITY) < 2e-38);
        assert!(exp_nonpositive(f32::NAN).is_nan());
    }
}
