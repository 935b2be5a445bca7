//! Adam in one pass and in place, and the sum of squares.

use burn::backend::Flex;
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::args::adam::AdamStep;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::tensor::{contiguous, primitive, values, values_mut};

/// Elements per part.
const PART: usize = 1 << 14;

/// The fused implementation of [`crate::adam_step`], for tensors without autodiff.
///
/// The operations and their order are those of the plain implementation, so the results are bit-identical.
pub(crate) fn adam_step<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    first: Tensor<D>,
    second: Tensor<D>,
    step: AdamStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let [mut parameter, gradient, mut first, mut second] =
        [parameter, gradient, first, second].map(|tensor| contiguous(primitive(tensor)));
    Coefficients::new(step).update(
        values_mut(&mut parameter),
        values(&gradient),
        values_mut(&mut first),
        values_mut(&mut second),
    );
    let [parameter, first, second] = [parameter, first, second].map(Tensor::from_primitive::<Flex>);
    (parameter, first, second)
}

/// The fused implementation of [`crate::sum_of_squares`], for a tensor without autodiff.
pub(crate) fn sum_of_squares<const D: usize>(x: &Tensor<D>) -> f64 {
    let x = contiguous(primitive(x.clone()));
    let x = values(&x);
    let mut sums = vec![0.0; x.len().div_ceil(PART)];
    let parts = sums.par_iter_mut().zip(x.par_chunks(PART));
    parallel::for_each(parts, x.len(), |(sum, part)| *sum = squares(part));
    sums.iter().sum()
}

fn squares(values: &[f32]) -> f64 {
    vectorized(
        #[inline(always)]
        || {
            let (chunks, rest) = values.as_chunks::<16>();
            let mut lanes = [0.0; 16];
            for chunk in chunks {
                for (lane, &value) in lanes.iter_mut().zip(chunk) {
                    *lane += f64::from(value) * f64::from(value);
                }
            }
            lanes.into_iter().chain(rest.iter().map(|&value| f64::from(value).powi(2))).sum()
        },
    )
}

/// The coefficients of a step, in the precision of the tensors.
#[derive(Clone, Copy)]
struct Coefficients {
    gradient_scale: f32,
    /// β and 1 − β of the first moment estimate.
    first: (f32, f32),
    /// β and 1 − β of the second moment estimate.
    second: (f32, f32),
    correction2: f32,
    epsilon: f32,
    /// The learning rate divided by the bias correction of the first moment estimate.
    rate: f32,
    decay: f32,
}

impl Coefficients {
    fn new(step: AdamStep) -> Self {
        let (correction1, correction2) = step.bias_corrections();
        Self {
            gradient_scale: step.gradient_scale as f32,
            first: (step.beta1 as f32, (1.0 - step.beta1) as f32),
            second: (step.beta2 as f32, (1.0 - step.beta2) as f32),
            correction2: correction2 as f32,
            epsilon: step.epsilon as f32,
            rate: (step.learning_rate / correction1) as f32,
            decay: (1.0 - step.learning_rate * step.weight_decay) as f32,
        }
    }

    fn update(
        self,
        parameter: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        let work = 4 * parameter.len();
        let parts = parameter
            .par_chunks_mut(PART)
            .zip(gradient.par_chunks(PART))
            .zip(first.par_chunks_mut(PART))
            .zip(second.par_chunks_mut(PART));
        parallel::for_each(parts, work, |(((parameter, gradient), first), second)| {
            vectorized(
                #[inline(always)]
                || self.update_part(parameter, gradient, first, second),
            );
        });
    }

    #[inline(always)]
    fn update_part(
        self,
        parameter: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        let elements = parameter.iter_mut().zip(gradient).zip(first).zip(second);
        for (((parameter, &gradient), first), second) in elements {
            let gradient = gradient * self.gradient_scale;
            *first = *first * self.first.0 + gradient * self.first.1;
            *second = *second * self.second.0 + gradient * gradient * self.second.1;
            let root = (*second / self.correction2).sqrt() + self.epsilon;
            *parameter = *parameter * self.decay - *first / root * self.rate;
        }
    }
}
