//! Tensors of the Flex backend as slices.

use burn::backend::{Flex, flex::FlexTensor};
use burn::tensor::Tensor;

/// The backend's own tensor.
///
/// # Panics
/// If `x` is not on the Flex backend, or is on it with autodiff.
pub(crate) fn primitive<const D: usize>(x: Tensor<D>) -> FlexTensor {
    x.try_into_primitive::<Flex>().expect("a tensor of the Flex backend without autodiff")
}

/// The tensor in row-major order. It is copied only if it is not contiguous.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The values of a contiguous f32 tensor.
pub(crate) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a contiguous f32 tensor")
}

/// The values of a contiguous f32 tensor, mutably. They are copied first if another tensor shares them.
pub(crate) fn values_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, end) = tensor.layout().contiguous_offsets().expect("a contiguous tensor");
    &mut tensor.storage_mut()[start..end]
}

/// The sizes of a tensor's dimensions.
///
/// # Panics
/// If it does not have `D` dimensions.
pub(crate) fn dims<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.layout().shape().dims()
}
