//! One step of Adam, and the sum of squares for clipping by global norm.

use burn::tensor::Tensor;

use crate::args::adam::AdamStep;

/// The parameter and its first and second moment estimates after one step.
///
/// # Shapes
/// - all tensors: the shape of `parameter`; autodiff must not track any of them
///
/// # Panics
/// If the shapes differ.
pub fn adam_step<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    first: Tensor<D>,
    second: Tensor<D>,
    step: AdamStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let shape = parameter.dims();
    for (name, dims) in
        [("gradient", gradient.dims()), ("first", first.dims()), ("second", second.dims())]
    {
        assert!(dims == shape, "{name} {dims:?} must have the shape of the parameter {shape:?}");
    }
    #[cfg(feature = "flex")]
    if crate::flex::is_flex_without_autodiff(&parameter) {
        return crate::flex::ops::adam::adam_step(parameter, gradient, first, second, step);
    }
    plain(parameter, gradient, first, second, step)
}

pub(crate) fn plain<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    first: Tensor<D>,
    second: Tensor<D>,
    step: AdamStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let gradient = gradient * step.gradient_scale;
    let first = first * step.beta1 + gradient.clone() * (1.0 - step.beta1);
    let second = second * step.beta2 + gradient.square() * (1.0 - step.beta2);
    let (correction1, correction2) = step.bias_corrections();
    let root = second.clone().div_scalar(correction2).sqrt() + step.epsilon;
    let update = first.clone() / root * (step.learning_rate / correction1);
    let parameter = parameter * (1.0 - step.learning_rate * step.weight_decay) - update;
    (parameter, first, second)
}

/// Σ x², summed in f64 in a fixed order.
pub fn sum_of_squares<const D: usize>(x: &Tensor<D>) -> f64 {
    #[cfg(feature = "flex")]
    if crate::flex::is_flex_without_autodiff(x) {
        return crate::flex::ops::adam::sum_of_squares(x);
    }
    plain_sum_of_squares(x)
}

pub(crate) fn plain_sum_of_squares<const D: usize>(x: &Tensor<D>) -> f64 {
    x.to_data().iter::<f32>().map(|value| f64::from(value).powi(2)).sum()
}
