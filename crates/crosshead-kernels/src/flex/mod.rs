//! Fused bodies of the operations for burn's Flex CPU backend.
//!
//! Each operation (`ops`) keeps its mathematics on plain slices, apart from the glue that makes it a burn backend
//! extension with a hand-written backward pass. It is made of matrix products (`gemm`), vector functions (`math`), and
//! memory and threads (`runtime`); each of these uses only what comes after it in this list.
//!
//! Work is split into fixed parts that depend on shapes alone, and partial sums are combined in a fixed order, so
//! results are bit-identical for any number of threads.

pub(crate) mod gemm;
pub(crate) mod math;
pub(crate) mod ops;
pub(crate) mod runtime;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Tensor};

/// Whether a tensor takes the fused bodies: f32 on the Flex backend, with autodiff or without.
pub(crate) fn is_flex<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32
        && matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// Whether a tensor takes the fused bodies that have no backward pass.
pub(crate) fn is_flex_without_autodiff<const D: usize>(x: &Tensor<D>) -> bool {
    is_flex(x) && !x.is_autodiff()
}
