//! Memory of tensors: their values as slices, and new tensors from values.

use std::ops::{Deref, DerefMut};

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

/// The values of a tensor, row-major, copied only where its layout has gaps or another order.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The values of a contiguous f32 tensor.
pub(crate) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a contiguous f32 tensor")
}

/// Memory for the values of a new tensor.
pub(crate) struct Buffer(Vec<f32>);

impl Buffer {
    /// Memory for `len` values that the caller writes in full: what they are before is unspecified.
    pub(crate) fn unspecified(len: usize) -> Self {
        Self::zeros(len)
    }

    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        Self(vec![0.0; len])
    }

    /// A contiguous tensor of these values.
    pub(crate) fn into_tensor(self, shape: impl Into<Shape>) -> FlexTensor {
        FlexTensor::new(Bytes::from_elems(self.0), Layout::contiguous(shape.into()), DType::F32)
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
