//! Memory and threads: the runtime of the fused operations.

pub(crate) mod awake;
pub(crate) mod buffer;
pub(crate) mod int8;
pub(crate) mod optional;
pub(crate) mod pages;
pub(crate) mod parallel;
pub(crate) mod pool;
pub(crate) mod segments;
pub(crate) mod simd;
pub(crate) mod tensor;
pub(crate) mod words;
