//! Fused implementations of the operations for burn's Flex CPU backend.
//!
//! Each operation (`ops`) separates its mathematics, on plain slices, from the code that makes it a burn backend
//! extension with a hand-written backward pass. Operations are built from matrix multiplication (`gemm`), vectorized
//! functions (`math`), and memory and thread management (`runtime`). Each of these modules depends only on those after
//! it in this list.
//!
//! Work is partitioned by shape alone, and partial sums are combined in a fixed order, so results are bit-identical for
//! any number of threads.

pub(crate) mod gemm;
pub(crate) mod math;
pub(crate) mod ops;
pub(crate) mod runtime;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Tensor};

/// Whether the fused implementations apply to a tensor, which must be f32 on the Flex backend, with or without
/// autodiff.
pub(crate) fn is_flex<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && is_flex_device(&x.device())
}

/// Whether a device is the Flex backend, with or without autodiff.
pub(crate) fn is_flex_device(device: &Device) -> bool {
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// Whether the fused implementations without a backward pass apply to a tensor.
pub(crate) fn is_flex_without_autodiff<const D: usize>(x: &Tensor<D>) -> bool {
    is_flex(x) && !x.is_autodiff()
}
