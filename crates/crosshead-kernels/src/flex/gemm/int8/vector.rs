//! What the integer kernels need of a processor's vectors.
#![allow(unsafe_code)]

/// Vectors that add up products of groups of adjacent values, one group for each 32-bit lane.
///
/// Weights w and activations x are expanded first, each into 32-bit words of [`GROUP`](Self::GROUP) values. Where the
/// instruction wants one operand without a sign, the expanded weights are w + 128, and
/// [`OFFSET`](Self::OFFSET) · Σx is to be subtracted from a sum.
///
/// # Safety
/// All functions need a processor with the vectors. Pointers must be valid for a vector of the function's type.
pub(super) trait Vector {
    /// A vector of 32-bit words.
    type Words: Copy;

    /// Words of a vector.
    const LANES: usize;

    /// Values of a word.
    const GROUP: usize;

    /// What expanding added to each weight.
    const OFFSET: i32;

    /// Runs `f` compiled for these vectors.
    unsafe fn vectorize<R>(f: impl FnOnce() -> R) -> R;

    /// Sums of zero.
    unsafe fn zero() -> Self::Words;

    /// Expands the next [`LANES`](Self::LANES) · [`GROUP`](Self::GROUP) activations.
    unsafe fn expand(values: *const i8) -> Self::Words;

    /// Expands as many weights.
    unsafe fn expand_weight(values: *const i8) -> Self::Words;

    /// Words from memory.
    unsafe fn load(words: *const i32) -> Self::Words;

    /// Words to memory.
    unsafe fn store(words: Self::Words, to: *mut i32);

    /// One word in every lane.
    unsafe fn broadcast(word: *const i32) -> Self::Words;

    /// Adds the products of each lane's groups to its sum.
    unsafe fn multiply_add(sums: Self::Words, weight: Self::Words, x: Self::Words) -> Self::Words;

    /// In lane i, the sum of all lanes of `vectors[i]`; there must be [`LANES`](Self::LANES) of them.
    unsafe fn reduce(vectors: &[Self::Words]) -> Self::Words;

    /// Transposes four rows: word i of row r goes to `to[i * stride + r]`.
    unsafe fn store_transposed(rows: [Self::Words; 4], to: *mut i32, stride: usize);
}
