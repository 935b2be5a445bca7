//! The vector operations of the integer routines.
#![allow(unsafe_code)]

/// Vectors of i32 sums. Each 32-bit lane accumulates the products of a group of adjacent values.
///
/// Activations and weights are multiplied as 32-bit words of [`GROUP`](Self::GROUP) values: four bytes as they are in
/// memory, or two bytes that are expanded to 16 bits.
///
/// # Safety
/// The processor must support the vectors. Pointers must be valid for a whole vector.
pub(super) trait Vector {
    /// A vector of 32-bit words.
    type Words: Copy;

    /// Number of words in a vector.
    const LANES: usize;

    /// Number of values in a word.
    const GROUP: usize;

    /// Runs `f`, compiled for these vectors.
    unsafe fn vectorize<R>(f: impl FnOnce() -> R) -> R;

    /// A vector of zeros.
    unsafe fn zero() -> Self::Words;

    /// Expands [`LANES`](Self::LANES) · [`GROUP`](Self::GROUP) activations.
    unsafe fn expand(values: *const u8) -> Self::Words;

    /// Expands the same number of weights.
    unsafe fn expand_weight(values: *const i8) -> Self::Words;

    /// Loads words.
    unsafe fn load(words: *const i32) -> Self::Words;

    /// Stores words.
    unsafe fn store(words: Self::Words, to: *mut i32);

    /// Broadcasts a word to all lanes.
    unsafe fn broadcast(word: *const i32) -> Self::Words;

    /// Adds the products of the groups in each lane to the sums.
    unsafe fn multiply_add(sums: Self::Words, x: Self::Words, weight: Self::Words) -> Self::Words;

    /// Sums the lanes of each of [`LANES`](Self::LANES) vectors: lane i of the result is the sum of `vectors[i]`.
    unsafe fn reduce(vectors: &[Self::Words]) -> Self::Words;

    /// Stores four rows transposed: word i of row r goes to `to[i * stride + r]`.
    unsafe fn store_transposed(rows: [Self::Words; 4], to: *mut i32, stride: usize);
}
