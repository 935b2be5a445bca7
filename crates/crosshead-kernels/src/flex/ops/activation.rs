//! Activation functions and their derivatives over slices.

use crate::args::activation::Activation;
use crate::flex::math::exp::exp;

impl Activation {
    /// Whether the derivative is a function of the output, so that the backward pass does not need the pre-activation.
    pub(crate) fn differentiates_by_output(self) -> bool {
        matches!(self, Self::Identity | Self::Relu)
    }

    /// Replaces `values` with the activation of `values` + `bias`.
    #[inline(always)]
    pub(crate) fn apply_with_bias(self, values: &mut [f32], bias: Option<&[f32]>) {
        match self {
            Self::Identity if bias.is_none() => {}
            Self::Identity => map(values, bias, |x| x),
            Self::Relu => map(values, bias, relu),
            Self::Gelu => map(values, bias, gelu),
            Self::GeluTanh => map(values, bias, gelu_tanh),
            Self::Silu => map(values, bias, silu),
        }
    }

    /// Multiplies `gradient` by the derivative, in place.
    ///
    /// `saved` is the output if [`differentiates_by_output`](Self::differentiates_by_output), otherwise the
    /// pre-activation.
    #[inline(always)]
    pub(crate) fn backward(self, gradient: &mut [f32], saved: &[f32]) {
        match self {
            Self::Identity => {}
            Self::Relu => scale(gradient, saved, |y| if y > 0.0 { 1.0 } else { 0.0 }),
            Self::Gelu => scale(gradient, saved, gelu_derivative),
            Self::GeluTanh => scale(gradient, saved, gelu_tanh_derivative),
            Self::Silu => scale(gradient, saved, silu_derivative),
        }
    }
}

#[inline(always)]
fn map(values: &mut [f32], bias: Option<&[f32]>, f: impl Fn(f32) -> f32) {
    match bias {
        None => values.iter_mut().for_each(|value| *value = f(*value)),
        Some(bias) => {
            values.iter_mut().zip(bias).for_each(|(value, bias)| *value = f(*value + bias))
        }
    }
}

#[inline(always)]
fn scale(gradient: &mut [f32], saved: &[f32], derivative: impl Fn(f32) -> f32) {
    gradient.iter_mut().zip(saved).for_each(|(gradient, &saved)| *gradient *= derivative(saved));
}

/// Zero for negative numbers; NaN stays NaN, so that divergence is visible.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    x * sigmoid(x)
}

#[inline(always)]
fn silu_derivative(x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 + x * (1.0 - s))
}

/// The cumulative distribution function Φ of the standard normal distribution.
#[inline(always)]
fn normal_cdf(x: f32) -> f32 {
    0.5 + 0.5 * erf(x * std::f32::consts::FRAC_1_SQRT_2)
}

/// The error function within 2e-7: a rational minimax approximation, ±1 outside ±4 (as Eigen's `erf`).
#[inline(always)]
fn erf(x: f32) -> f32 {
    const NUMERATOR: [f32; 7] = [
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024_e-6,
        -5.692_506_e-5,
        -7.349_906e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ];
    const DENOMINATOR: [f32; 5] =
        [-1.456_607_2e-5, -2.133_740_5e-4, -1.682_827e-3, -7.373_329_3e-3, -1.426_473_9e-2];
    let square = x * x;
    let numerator = NUMERATOR[1..].iter().fold(NUMERATOR[0], |sum, c| sum * square + c);
    let denominator = DENOMINATOR[1..].iter().fold(DENOMINATOR[0], |sum, c| sum * square + c);
    if x.abs() < 4.0 { x * numerator / denominator } else { x.signum() }
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    x * normal_cdf(x)
}

#[inline(always)]
fn gelu_derivative(x: f32) -> f32 {
    /// 1/√(2π)
    const PEAK: f32 = 0.398_942_3;
    normal_cdf(x) + x * PEAK * exp(-0.5 * x * x)
}

/// √(2/π) and the cubic coefficient of the approximation, which equals x·σ(2u) because tanh(u) = 2σ(2u) − 1.
const TANH: (f32, f32) = (0.797_884_6, 0.044_715);

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    x * sigmoid(2.0 * TANH.0 * (x + TANH.1 * x * x * x))
}

#[inline(always)]
fn gelu_tanh_derivative(x: f32) -> f32 {
    let s = sigmoid(2.0 * TANH.0 * (x + TANH.1 * x * x * x));
    s + x * s * (1.0 - s) * 2.0 * TANH.0 * (1.0 + 3.0 * TANH.1 * x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 5] = [
        Activation::Identity,
        Activation::Relu,
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Silu,
    ];

    fn value(activation: Activation, x: f32) -> f32 {
        let mut values = [x];
        activation.apply_with_bias(&mut values, None);
        values[0]
    }

    /// Values of erf from the tables of Abramowitz & Stegun (1964), table 7.1.
    #[test]
    fn error_function_agrees_with_the_tables() {
        let table = [(0.0, 0.0), (0.1, 0.112_462_915), (0.5, 0.520_499_9), (1.0, 0.842_700_8)];
        let tail = [(1.5, 0.966_105_15), (2.0, 0.995_322_3), (3.0, 0.999_977_9), (9.0, 1.0)];
        for (x, expected) in table.into_iter().chain(tail) {
            assert!((erf(x) - expected).abs() < 2e-7, "erf({x}) = {}, not {expected}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
    }

    #[test]
    fn derivatives_agree_with_central_differences() {
        for activation in ALL {
            for step in -50..=50 {
                let x = step as f32 * 0.1 + 0.05; // not 0, where ReLU has a kink
                let h = 5e-3;
                let difference = (value(activation, x + h) - value(activation, x - h)) / (2.0 * h);
                let saved =
                    if activation.differentiates_by_output() { value(activation, x) } else { x };
                let mut derivative = [1.0];
                activation.backward(&mut derivative, &[saved]);
                assert!(
                    (derivative[0] - difference).abs() < 3e-4,
                    "{activation:?} at {x}: {} and {difference}",
                    derivative[0]
                );
            }
        }
    }

    #[test]
    fn extreme_inputs_stay_finite_or_saturate() {
        for activation in ALL {
            assert_eq!(value(activation, 1e4), 1e4, "{activation:?}");
            if activation != Activation::Identity {
                assert!(value(activation, -1e4).abs() < 1e-6, "{activation:?}");
            }
        }
    }
}
