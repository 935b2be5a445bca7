//! Fused bodies of the operations for burn's Flex CPU backend.
//!
//! Each operation keeps its mathematics on plain slices apart from the glue that makes it a burn backend extension
//! with a hand-written backward pass. Work is split into fixed parts that depend on shapes alone, and partial sums
//! are combined in a fixed order, so results are bit-identical for any number of threads.

pub(crate) mod activation;
pub(crate) mod adam;
pub(crate) mod attention;
pub(crate) mod buffer;
pub(crate) mod checkpoint;
pub(crate) mod dots;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod linear;
pub(crate) mod loss;
pub(crate) mod math;
pub(crate) mod matrix_vector;
pub(crate) mod norm;
pub(crate) mod optional;
pub(crate) mod pages;
pub(crate) mod panels;
pub(crate) mod parallel;
pub(crate) mod philox;
pub(crate) mod pool;
pub(crate) mod product;
pub(crate) mod reduce;
pub(crate) mod rows;
pub(crate) mod segments;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod tiles;
pub(crate) mod transpose;

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Tensor};

/// Whether a tensor takes the fused bodies: f32 on the Flex backend, with autodiff or without.
pub(crate) fn is_flex<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32
        && matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// Runs `f` compiled for the widest vectors that this processor has.
///
/// What `f` calls is part of it only where it is inlined.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(test)]
    if testing::on_scalar_path() {
        return f();
    }
    pulp::Arch::new().dispatch(f)
}
