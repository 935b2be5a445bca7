//! One step of Adam, and the sum of squares that global-norm clipping needs.

use burn::tensor::Tensor;

/// The numbers of one step of Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate α of this step.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay λ; 0 is plain Adam.
    pub weight_decay: f64,
    /// The step's number, from 1.
    pub step: u64,
    /// The factor of every gradient: 1, or less where the global norm is clipped.
    pub gradient_scale: f64,
}

impl AdamStep {
    /// 1 − β^step of both moments.
    pub(crate) fn bias_corrections(&self) -> (f64, f64) {
        let power = |beta: f64| 1.0 - beta.powf(self.step as f64);
        (power(self.beta1), power(self.beta2))
    }
}

/// The parameter and its first and second moment after one step.
///
/// # Shapes
/// All four tensors have the parameter's shape; none is tracked by autodiff.
pub fn adam_step<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    first: Tensor<D>,
    second: Tensor<D>,
    step: AdamStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    #[cfg(feature = "flex")]
    if is_fusable(&parameter) {
        return crate::flex::adam::adam_step(parameter, gradient, first, second, step);
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
    if is_fusable(x) {
        return crate::flex::adam::sum_of_squares(x);
    }
    plain_sum_of_squares(x)
}

pub(crate) fn plain_sum_of_squares<const D: usize>(x: &Tensor<D>) -> f64 {
    x.to_data().iter::<f32>().map(|value| f64::from(value).powi(2)).sum()
}

/// Whether a tensor lies on the Flex backend without autodiff.
#[cfg(feature = "flex")]
fn is_fusable<const D: usize>(x: &Tensor<D>) -> bool {
    crate::flex::is_flex(x) && !x.is_autodiff()
}
