//! Buffers of integers from the memory pool.
#![allow(unsafe_code)]

use std::ops::{Deref, DerefMut};

use super::pool::Block;

/// 32-bit integers, aligned to cache lines.
pub(crate) struct Words {
    block: Block,
    len: usize,
}

impl Words {
    /// A buffer of `len` words with unspecified values.
    pub(crate) fn unspecified(len: usize) -> Self {
        Self { block: Block::new(len), len }
    }

    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let mut words = Self::unspecified(len);
        words.fill(0);
        words
    }

    /// The buffer as bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: the words are initialized memory, and every byte is a valid u8.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), size_of_val(&**self)) }
    }

    /// The buffer as mutable bytes.
    pub(crate) fn as_bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: see `as_bytes`; the words are borrowed mutably, and any bytes are valid.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), size_of_val(&**self)) }
    }

    /// The buffer as signed bytes.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn as_signed_bytes(&self) -> &[i8] {
        // SAFETY: see `as_bytes`; every byte is a valid i8.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), size_of_val(&**self)) }
    }

    /// The buffer as mutable signed bytes.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn as_signed_bytes_mut(&mut self) -> &mut [i8] {
        // SAFETY: see `as_bytes_mut`.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), size_of_val(&**self)) }
    }
}

impl Deref for Words {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        // SAFETY: a block is initialized, and i32 has the size and alignment of f32, and no invalid values.
        unsafe { std::slice::from_raw_parts(self.block.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [i32] {
        // SAFETY: see `deref`; the block is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.block.as_mut_ptr().cast(), self.len) }
    }
}
