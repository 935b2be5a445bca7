//! α·x + β·y in one pass and in place.

use burn::backend::Flex;
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::tensor::{contiguous, primitive, values, values_mut};

/// Elements per part.
const PART: usize = 1 << 14;

/// The fused implementation of [`crate::scaled_sum`], for tensors without autodiff.
///
/// The operations and their order are those of the plain implementation, so the results are bit-identical.
pub(crate) fn scaled_sum<const D: usize>(
    x: Tensor<D>,
    alpha: f64,
    y: Tensor<D>,
    beta: f64,
) -> Tensor<D> {
    let [mut x, y] = [x, y].map(|tensor| contiguous(primitive(tensor)));
    let (alpha, beta) = (alpha as f32, beta as f32);
    let y = values(&y);
    let parts = values_mut(&mut x).par_chunks_mut(PART).zip(y.par_chunks(PART));
    parallel::for_each(parts, 2 * y.len(), |(x, y)| {
        vectorized(
            #[inline(always)]
            || x.iter_mut().zip(y).for_each(|(x, &y)| *x = *x * alpha + y * beta),
        );
    });
    Tensor::from_primitive::<Flex>(x)
}
