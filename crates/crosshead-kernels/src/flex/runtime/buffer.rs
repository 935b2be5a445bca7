//! Memory for new tensors.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{AllocationProperty, Bytes, DType, Shape};
use burn_std::{AccessError, AccessPolicy, AllocationController};

use super::pool::Block;

/// Memory for the values of a new tensor.
pub(crate) struct Buffer {
    block: Block,
    len: usize,
}

impl Buffer {
    /// Memory for `len` values, which are unspecified until the caller writes them.
    pub(crate) fn unspecified(len: usize) -> Self {
        let mut block = Block::new(len);
        if cfg!(debug_assertions) {
            block.fill(f32::NAN); // exposes reads of unwritten values
        }
        Self { block, len }
    }

    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let mut buffer = Self::unspecified(len);
        buffer.fill(0.0);
        buffer
    }

    /// A contiguous tensor with these values.
    pub(crate) fn into_tensor(self, shape: impl Into<Shape>) -> FlexTensor {
        let bytes = self.len * size_of::<f32>();
        // SAFETY: a block is fully initialized and holds at least `len` values.
        let bytes = unsafe { Bytes::from_controller(Box::new(Allocation(self.block)), bytes) };
        FlexTensor::new(bytes, Layout::contiguous(shape.into()), DType::F32)
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.block[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.block[..self.len]
    }
}

/// A block used as the memory of a tensor.
struct Allocation(Block);

impl AllocationController for Allocation {
    fn alloc_align(&self) -> usize {
        align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(
        &mut self,
        _: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let (start, len) = (self.0.as_mut_ptr().cast(), size_of_val(&*self.0));
        // SAFETY: this is the same memory as bytes, with the same lifetime; the caller writes only initialized bytes.
        Ok(unsafe { std::slice::from_raw_parts_mut(start, len) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let (start, len) = (self.0.as_ptr().cast(), size_of_val(&*self.0));
        // SAFETY: this is the same memory as bytes, with the same lifetime.
        Ok(unsafe { std::slice::from_raw_parts(start, len) })
    }
}
