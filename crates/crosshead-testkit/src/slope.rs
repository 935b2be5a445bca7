//! Directional derivatives by finite differences.

use std::iter;

use burn::tensor::Tensor;

use crate::compare::values;
use crate::random::random;

/// The seed of the weights used to sum outputs.
const WEIGHTS: u64 = 0x5eed;

/// The first step, as a fraction of the root mean square of `x`.
const FIRST_STEP: f32 = 1.0 / 4.0;

/// The number of steps, each half as long as the previous one. With shorter steps, the rounding of x + h would matter.
const STEPS: usize = 12;

/// A function around a point. Its outputs are summed with random weights.
pub(crate) struct Slope<const D: usize, F> {
    f: F,
    x: Tensor<D>,
    /// The root mean square of `x`.
    scale: f32,
    /// The contribution of f32 rounding of the outputs to a quotient with step 1.
    rounding: f64,
}

/// A difference quotient with its error estimates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotient {
    pub(crate) value: f64,
    /// The step, as a fraction of the root mean square of `x`.
    pub(crate) step: f32,
    /// The distance to the previous quotient, which has twice the step; infinite for the first.
    pub(crate) change: f64,
    /// The larger of the distances to the two previous quotients; infinite for the first two.
    pub(crate) spread: f64,
    /// The possible contribution of f32 rounding of the outputs.
    pub(crate) rounding: f64,
}

impl<const D: usize, const E: usize, F: Fn(Tensor<D>) -> Tensor<E>> Slope<D, F> {
    pub(crate) fn new(f: F, x: Tensor<D>) -> Self {
        let mean_square = dot(&x, &x) / x.shape().num_elements() as f64;
        let scale = if mean_square > 0.0 { mean_square.sqrt() as f32 } else { 1.0 };
        let y = f(x.clone());
        let terms = y.clone() * weights_of(&y);
        let rounding = dot(&terms, &terms).sqrt() * f64::from(f32::EPSILON);
        Self { f, x, scale, rounding }
    }

    /// Central differences of fourth order, (8·(f(x + h) − f(x − h)) − (f(x + 2h) − f(x − 2h))) / 12h, each with half
    /// the step of the previous one; each value of f is used in two quotients.
    pub(crate) fn along(&self, direction: &Tensor<D>) -> impl Iterator<Item = Quotient> {
        let at = |step: f32| self.value(self.x.clone() + direction.clone() * step);
        let difference = move |step: f32| at(step) - at(-step);
        let mut step = FIRST_STEP * self.scale;
        let mut far = difference(2.0 * step);
        let mut before = [f64::INFINITY; 2];
        let next = move || {
            let near = difference(step);
            let value = (8.0 * near - far) / (12.0 * f64::from(step));
            let [change, second] = before.map(|quotient| (value - quotient).abs());
            let (fraction, rounding) = (step / self.scale, self.rounding / f64::from(step));
            (far, before, step) = (near, [value, before[0]], step / 2.0);
            Some(Quotient { value, step: fraction, change, spread: change.max(second), rounding })
        };
        iter::from_fn(next).take(STEPS)
    }

    /// The quotient with the smallest error, if the function is finite.
    pub(crate) fn best(&self, direction: &Tensor<D>) -> Option<Quotient> {
        best(self.along(direction))
    }

    /// Whether even a step as large as `x` changes nothing, which means that rounding does not hide a slope.
    pub(crate) fn is_constant_along(&self, direction: &Tensor<D>) -> bool {
        let here = self.value(self.x.clone());
        let is_same = |sign: f32| {
            self.value(self.x.clone() + direction.clone() * (sign * self.scale)) == here
        };
        is_same(1.0) && is_same(-1.0)
    }

    /// The largest computed gradient that rounding can cause when the true gradient is zero.
    pub(crate) fn rounding_of_gradients(&self) -> f64 {
        4.0 * self.rounding / f64::from(self.scale)
    }

    fn value(&self, x: Tensor<D>) -> f64 {
        let y = (self.f)(x);
        dot(&y, &weights_of(&y))
    }
}

impl Quotient {
    /// The estimated distance between the quotient and the derivative.
    pub(crate) fn error(self) -> f64 {
        self.spread + self.rounding
    }
}

/// The quotient with the smallest error.
pub(crate) fn best(quotients: impl IntoIterator<Item = Quotient>) -> Option<Quotient> {
    let finite = quotients.into_iter().filter(|quotient| quotient.error().is_finite());
    finite.min_by(|a, b| a.error().total_cmp(&b.error()))
}

/// The weights used to sum the outputs.
pub(crate) fn weights_of<const E: usize>(y: &Tensor<E>) -> Tensor<E> {
    random(y.dims(), WEIGHTS, &y.device())
}

/// Σ aᵢ·bᵢ in f64.
pub(crate) fn dot<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> f64 {
    values(a).into_iter().zip(values(b)).map(|(a, b)| f64::from(a) * f64::from(b)).sum()
}
