//! Gradients compared with finite differences.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::compare::{Bound, check_finite, compare_where};
use crate::error::{CheckError, Finding};
use crate::parameters::visit;
use crate::random::random;
use crate::slope::{Quotient, Slope, best, dot, weights_of};

/// Number of random directions along which a gradient is compared.
const DIRECTIONS: u64 = 4;

/// The fraction of a gradient that rounding of the outputs may hide.
const LEAST_RESOLUTION: f64 = 0.05;

/// The shortest step, as a fraction of the root mean square of `x`, at which rounding of the outputs may be included in
/// the bound. With shorter steps, the bound would grow.
const SHORTEST_ROUNDED_STEP: f32 = 1.0 / 256.0;

/// The size of the largest tensor that is searched element by element for a wrong gradient.
const MOST_ELEMENTS: usize = 1024;

/// Checks that every trainable parameter has a finite gradient of `loss`.
///
/// # Errors
/// If a parameter has no gradient, or an element is not finite; the error names the parameters or the first such
/// element.
pub fn a_gradient_reaches_every_parameter<M: Module, const D: usize>(
    module: &M,
    loss: &Tensor<D>,
) -> Result<(), CheckError> {
    if !loss.is_tracked() {
        return Err(CheckError::vacuous("the loss does not depend on any trainable parameter"));
    }
    let parameters = visit(module, &loss.backward());
    let missed = parameters.iter().filter(|found| found.trained && found.gradient.is_none());
    let missed: Vec<String> = missed.map(|found| found.path.clone()).collect();
    if !missed.is_empty() {
        return Err(CheckError::new("after the backward pass", Finding::NoGradient(missed)));
    }
    for found in parameters {
        if let Some(gradient) = found.gradient {
            check_finite(format!("gradient of {}", found.path), &gradient)?;
        }
    }
    Ok(())
}

/// Checks that the gradient of `f` agrees with fourth-order central differences along random directions.
///
/// The elements of an output are summed with random weights in f64, because rounding of an f32 sum would hide the differences.
/// No single step suits every function: a stack of layers may be smooth only within a thousandth of `x`, and short steps are
/// dominated by rounding. The step is therefore halved, from a quarter of the root mean square of `x` down to 1/8192,
/// until the distance between two successive quotients plus the rounding error of f32 outputs is less than tolerance ·
/// ‖gradient‖; the gradient must then be within that distance. A larger rounding error, which occurs when large outputs
/// have a small gradient, is accepted up to a twentieth of the gradient, with steps of at least 1/256. If the outputs
/// do not change at all, the gradient must be zero up to rounding. A tolerance of 1e-3 suits f32.
///
/// # Errors
/// - [`Finding::Value`] or [`Finding::Derivative`] if a directional derivative differs by more than that from difference
///   quotients that agree with each other: the worst element of the gradient, found by stepping along each axis.
/// - [`Finding::Undecided`] if no quotients agree: `f` is not smooth around `x`, like ReLU at its kink, or rounding
///   dominates the differences. Choose other inputs. This is an error because an inconclusive check must not count as
///   passed. A property test with random inputs may reject such a case (`prop_assume!(false, "{error}")`) with a small
///   `max_global_rejects`, so that it fails if most cases are undecided.
pub fn gradients_agree_with_finite_differences<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Tensor<D>,
    tolerance: f32,
) -> Result<(), CheckError> {
    let x = x.clone().inner();
    let analytic = gradient(&f, &x).unwrap_or_else(|| x.zeros_like());
    let slope = Slope::new(f, x);
    let norm = dot(&analytic, &analytic).sqrt();
    let bound = f64::from(tolerance) * norm;
    let mut open = None;
    for seed in 0..DIRECTIONS {
        // Random signs, so that every element contributes to every direction.
        let direction = random(analytic.dims(), seed, &analytic.device()).sign();
        let actual = dot(&analytic, &direction);
        let mut quotients = Vec::new();
        let mut steps = slope.along(&direction).inspect(|quotient| quotients.push(*quotient));
        if steps.any(|quotient| agrees(actual, quotient, bound, norm)) {
            continue;
        }
        drop(steps);
        if slope.is_constant_along(&direction) && actual.abs() <= slope.rounding_of_gradients() {
            continue;
        }
        let context = format!("along random direction {seed}");
        if let Some(expected) = contradicting(actual, &quotients, bound) {
            let direction = CheckError::new(context, Finding::Derivative { actual, expected });
            return Err(worst_element(&analytic, &slope, tolerance).unwrap_or(direction));
        }
        open.get_or_insert(CheckError::new(context, undecided(actual, &quotients)));
    }
    open.map_or(Ok(()), Err)
}

/// Whether a quotient is accurate enough and the gradient is close to it.
fn agrees(actual: f64, quotient: Quotient, bound: f64, norm: f64) -> bool {
    let Quotient { value, step, change, rounding, .. } = quotient;
    let distance = (actual - value).abs();
    if rounding <= bound {
        return change + rounding <= bound && distance <= bound;
    }
    // If large outputs have a small gradient, the rounding of the outputs limits its accuracy. Shorter steps would
    // widen the bound.
    let is_resolved = rounding <= LEAST_RESOLUTION * norm && step >= SHORTEST_ROUNDED_STEP;
    is_resolved && change <= rounding && distance <= bound + rounding
}

/// The quotient that contradicts a gradient, if one does.
///
/// Two quotients may agree by chance before the step is short enough, so three must agree, within a hundredth of their size or
/// within rounding.
fn contradicting(actual: f64, quotients: &[Quotient], bound: f64) -> Option<f64> {
    let best = best(quotients.iter().copied())?;
    let (value, error) = (best.value, best.error());
    let settled = best.spread <= 2.0 * best.rounding || error <= 0.01 * value.abs();
    (settled && (actual - value).abs() > bound + 2.0 * error).then_some(value)
}

fn undecided(actual: f64, quotients: &[Quotient]) -> Finding {
    Finding::Undecided {
        actual,
        quotients: quotients.iter().map(|quotient| quotient.value).collect(),
        rounding: quotients.iter().map(|quotient| quotient.rounding).collect(),
    }
}

/// The gradient of the weighted sum of the outputs of `f`, if `f` depends on `x`.
pub(crate) fn gradient<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Tensor<D>,
) -> Option<Tensor<D>> {
    let x = x.clone().inner().autodiff().require_grad();
    let y = f(x.clone());
    if !y.is_tracked() {
        return None;
    }
    let weights = weights_of(&y);
    x.grad(&(y * weights).sum().backward())
}

/// The element with the worst partial derivative, if the tensor is small enough to check each.
fn worst_element<const D: usize, const E: usize, F: Fn(Tensor<D>) -> Tensor<E>>(
    analytic: &Tensor<D>,
    slope: &Slope<D, F>,
    tolerance: f32,
) -> Option<CheckError> {
    let shape = analytic.shape();
    let n = shape.num_elements();
    if n > MOST_ELEMENTS {
        return None;
    }
    let axes = Tensor::<2>::eye(n, &analytic.device());
    let partials = (0..n).map(|axis| {
        let axis = axes.clone().narrow(0, axis, 1).reshape(shape.clone());
        slope.best(&axis).map_or(f32::NAN, |quotient| quotient.value as f32)
    });
    let partials = Tensor::<1>::from_floats(&*partials.collect::<Vec<_>>(), &analytic.device());
    let context = "gradient against finite differences";
    compare_where(context, analytic, &partials.reshape(shape), Bound::new(tolerance), |_| true)
        .err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bricks::attend;
    use burn::module::Param;
    use burn::tensor::Device;

    #[derive(Module, Debug)]
    struct Affine {
        weight: Param<Tensor<2>>,
        bias: Param<Tensor<1>>,
    }

    fn affine() -> Affine {
        let device = Device::flex().autodiff();
        Affine {
            weight: Param::from_tensor(random([3, 3], 1, &device)),
            bias: Param::from_tensor(random([3], 2, &device)),
        }
    }

    #[test]
    fn a_loss_that_uses_every_parameter_passes() {
        let affine = affine();
        let loss = (affine.weight.val() + affine.bias.val().unsqueeze()).sum();
        a_gradient_reaches_every_parameter(&affine, &loss).unwrap();
    }

    #[test]
    fn a_detached_parameter_is_found() {
        let affine = affine();
        let loss = (affine.weight.val() + affine.bias.val().detach().unsqueeze()).sum();
        let error = a_gradient_reaches_every_parameter(&affine, &loss).unwrap_err();
        assert_eq!(error.to_string(), "after the backward pass: no gradient reaches bias");
    }

    #[test]
    fn a_frozen_parameter_needs_no_gradient() {
        let mut affine = affine();
        affine.bias = affine.bias.set_require_grad(false);
        let loss = (affine.weight.val() + affine.bias.val().unsqueeze()).sum();
        a_gradient_reaches_every_parameter(&affine, &loss).unwrap();
    }

    #[test]
    fn an_infinite_gradient_is_found() {
        let affine = affine();
        let loss = (affine.weight.val() + (affine.bias.val() * 0.0).sqrt().unsqueeze()).sum();
        let error = a_gradient_reaches_every_parameter(&affine, &loss).unwrap_err();
        assert!(error.to_string().starts_with("gradient of bias: element [0] is"));
    }

    #[test]
    fn gradients_of_smooth_functions_pass() {
        let x = random([2, 4, 3], 7, &Device::flex());
        let attention = |x| attend(x, |_, query, key| key <= query);
        gradients_agree_with_finite_differences(attention, &x, 1e-3).unwrap();
        let log_norm = |x: Tensor<3>| x.square().sum().log();
        gradients_agree_with_finite_differences(log_norm, &(x * 50.0), 1e-3).unwrap();
    }

    #[test]
    fn a_missing_term_of_a_gradient_is_found() {
        let x = random([5], 8, &Device::flex());
        let half = |x: Tensor<1>| x.clone().detach() * x;
        assert!(gradients_agree_with_finite_differences(half, &x, 1e-3).is_err());
        let none = |x: Tensor<1>| x.detach().exp();
        assert!(gradients_agree_with_finite_differences(none, &x, 1e-3).is_err());
    }

    #[test]
    fn a_single_wrong_element_is_reported() {
        let x = random([2, 3], 9, &Device::flex());
        let one_detached = |x: Tensor<2>| {
            let element = x.clone().slice([1..2, 2..3]);
            x.slice_assign([1..2, 2..3], element.detach()).exp()
        };
        let error = gradients_agree_with_finite_differences(one_detached, &x, 1e-3).unwrap_err();
        let Finding::Value { index, actual, count, .. } = error.finding() else {
            panic!("{error}");
        };
        assert_eq!((index.as_slice(), *actual, *count), (&[1, 2][..], 0.0, 1));
    }
    /// The norm of a small difference is strongly curved within a hundredth of `x`: even a step of 1/256 is too long.
    fn bent(x: Tensor<2>) -> Tensor<2> {
        let x = x.clone() - random(x.dims(), 9, &x.device()) * 0.99;
        let mean_square = x.clone().square().mean_dim(1);
        x / mean_square.sqrt()
    }

    #[test]
    fn the_gradient_of_a_strongly_curved_function_passes() {
        let x = random([3, 8], 9, &Device::flex());
        let fixed = Slope::new(bent, x.clone());
        let direction = random([3, 8], 0, &Device::flex()).sign();
        let quotients: Vec<f64> = fixed.along(&direction).map(|quotient| quotient.value).collect();
        let (of_256, last) = (quotients[6], quotients[11]);
        assert!((of_256 - last).abs() > 0.01 * last.abs(), "{quotients:?}");
        gradients_agree_with_finite_differences(bent, &x, 1e-3).unwrap();
    }

    #[test]
    fn a_gradient_that_is_half_a_percent_short_is_found() {
        fn short<const D: usize>(y: Tensor<D>) -> Tensor<D> {
            y.clone() * 0.995 + y.detach() * 0.005
        }
        let x = random([3, 8], 9, &Device::flex());
        for f in [|x: Tensor<2>| short(bent(x)), |x: Tensor<2>| short(x.exp())] {
            let error = gradients_agree_with_finite_differences(f, &x, 1e-3).unwrap_err();
            assert!(
                matches!(error.finding(), Finding::Value { .. } | Finding::Derivative { .. }),
                "{error}"
            );
        }
    }

    #[test]
    fn constant_outputs_need_a_zero_gradient() {
        let x = random([4], 3, &Device::flex());
        let constant = |x: Tensor<1>| (x.clone() - x) + 1.0;
        gradients_agree_with_finite_differences(constant, &x, 1e-3).unwrap();
        let wrong = |x: Tensor<1>| (x.clone() - x.detach()) + 1.0;
        assert!(gradients_agree_with_finite_differences(wrong, &x, 1e-3).is_err());
    }

    #[test]
    fn a_function_that_is_not_smooth_is_undecided() {
        let x = random([4], 3, &Device::flex());
        let waves = |x: Tensor<1>| (x * 1e6).sin(); // shorter than the shortest step
        let error = gradients_agree_with_finite_differences(waves, &x, 1e-3).unwrap_err();
        assert!(matches!(error.finding(), Finding::Undecided { .. }), "{error}");
        assert!(error.to_string().contains("not smooth"), "{error}");
    }

    #[test]
    fn differences_dominated_by_rounding_are_undecided() {
        let x = random([4], 3, &Device::flex());
        let right = |x: Tensor<1>| x.exp() + 1e6;
        let wrong = |x: Tensor<1>| x.detach().exp() + 1e6;
        for error in [
            gradients_agree_with_finite_differences(right, &x, 1e-3).unwrap_err(),
            gradients_agree_with_finite_differences(wrong, &x, 1e-3).unwrap_err(),
        ] {
            assert!(matches!(error.finding(), Finding::Undecided { .. }), "{error}");
            assert!(error.to_string().contains("rounding"), "{error}");
        }
    }
}
