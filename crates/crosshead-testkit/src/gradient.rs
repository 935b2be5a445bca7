//! Gradients against what they should be.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::compare::{Bound, check_finite, compare_where, values};
use crate::error::{CheckError, Finding};
use crate::parameters::visit;
use crate::random::random;

/// The seed of the weights by which outputs are summed up into one number.
const WEIGHTS: u64 = 0x5eed;

/// Random directions along which a gradient is compared.
const DIRECTIONS: u64 = 4;

/// The most elements for which a wrong gradient is looked at one by one.
const MOST_ELEMENTS: usize = 1024;

/// Every parameter that is trained has a finite gradient of `loss`.
///
/// # Errors
/// With the paths of the parameters that have none, or with the first element that is not finite.
pub fn a_gradient_reaches_every_parameter<M: Module, const D: usize>(
    module: &M,
    loss: &Tensor<D>,
) -> Result<(), CheckError> {
    if !loss.is_tracked() {
        return Err(CheckError::vacuous("the loss depends on nothing that is trained"));
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

/// The gradient of `f` agrees with central differences of fourth order, along random directions.
///
/// `f` must be smooth around `x`: at a kink, as of ReLU, the two are different things. An output of more than one
/// element is summed up with random weights, in f64, since the differences would drown in the rounding of an f32 sum.
/// The step is 1/256 of the root mean square of `x`: longer ones leave the neighbourhood in which a stack of a few
/// layers is smooth, and shorter ones drown in rounding. A tolerance of 1e-3 suits f32.
///
/// # Errors
/// If a directional derivative differs by more than tolerance · ‖gradient‖ from the difference quotient: the worst
/// element of the gradient, found by stepping along each axis.
pub fn gradients_agree_with_finite_differences<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Tensor<D>,
    tolerance: f32,
) -> Result<(), CheckError> {
    let x = x.clone().inner();
    let analytic = gradient(&f, &x).unwrap_or_else(|| x.zeros_like());
    let quotient = Quotient::new(f, x);
    let norm = dot(&analytic, &analytic).sqrt();
    let bound = f64::from(tolerance) * norm + quotient.rounding();
    for seed in 0..DIRECTIONS {
        // Signs, so that no direction is blind to an element.
        let direction = random(analytic.dims(), seed, &analytic.device()).sign();
        let (actual, expected) = (dot(&analytic, &direction), quotient.along(direction));
        if (actual - expected).abs() <= bound {
            continue;
        }
        let context = format!("along random direction {seed}");
        let direction = CheckError::new(context, Finding::Derivative { actual, expected });
        return Err(worst_element(&analytic, &quotient, tolerance).unwrap_or(direction));
    }
    Ok(())
}

/// The gradient of the weighted sum of `f`'s outputs, if any reaches `x`.
pub(crate) fn gradient<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Tensor<D>,
) -> Option<Tensor<D>> {
    let x = x.clone().inner().autodiff().require_grad();
    let y = f(x.clone());
    if !y.is_tracked() {
        return None;
    }
    let weights = random(y.dims(), WEIGHTS, &y.device());
    x.grad(&(y * weights).sum().backward())
}

/// The element whose partial derivative is worst, where there are few enough to look.
fn worst_element<const D: usize, const E: usize, F: Fn(Tensor<D>) -> Tensor<E>>(
    analytic: &Tensor<D>,
    quotient: &Quotient<D, F>,
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
        quotient.along(axis) as f32
    });
    let partials = Tensor::<1>::from_floats(&*partials.collect::<Vec<_>>(), &analytic.device());
    let context = "gradient against finite differences";
    compare_where(context, analytic, &partials.reshape(shape), Bound::new(tolerance), |_| true)
        .err()
}

/// Difference quotients of the weighted sum of a function's outputs.
struct Quotient<const D: usize, F> {
    f: F,
    x: Tensor<D>,
    step: f32,
}

impl<const D: usize, const E: usize, F: Fn(Tensor<D>) -> Tensor<E>> Quotient<D, F> {
    fn new(f: F, x: Tensor<D>) -> Self {
        let mean_square = dot(&x, &x) / x.shape().num_elements() as f64;
        let scale = if mean_square > 0.0 { mean_square.sqrt() as f32 } else { 1.0 };
        Self { f, x, step: scale / 256.0 }
    }

    /// (8·(f(x + h) − f(x − h)) − (f(x + 2h) − f(x − 2h))) / 12h.
    fn along(&self, direction: Tensor<D>) -> f64 {
        let at = |steps: f32| self.value(self.x.clone() + direction.clone() * (steps * self.step));
        let near = at(1.0) - at(-1.0);
        let far = at(2.0) - at(-2.0);
        (8.0 * near - far) / (12.0 * f64::from(self.step))
    }

    fn value(&self, x: Tensor<D>) -> f64 {
        let y = (self.f)(x);
        dot(&y, &random(y.dims(), WEIGHTS, &y.device()))
    }

    /// What the rounding of the outputs to f32 can contribute to a quotient.
    fn rounding(&self) -> f64 {
        let y = (self.f)(self.x.clone());
        dot(&y, &y).sqrt() * f64::from(f32::EPSILON) / f64::from(self.step)
    }
}

/// Σ aᵢ·bᵢ in f64.
fn dot<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> f64 {
    values(a).into_iter().zip(values(b)).map(|(a, b)| f64::from(a) * f64::from(b)).sum()
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
    fn a_parameter_that_is_not_trained_needs_no_gradient() {
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
    fn a_single_wrong_element_is_named() {
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
}
