//! Reordering the rows of a cache.

use burn::tensor::{Int, Tensor};

/// Row i of the output is row `rows[i]` of `x`, up to position `len`; later positions are unspecified.
///
/// The Flex backend does this in place if `x` is not shared and the output has no more rows than `x`.
///
/// # Shapes
/// - `x`: `[batch, capacity, n_heads, d_head]`, `rows`: `[new_batch]`
/// - output: `[new_batch, capacity, n_heads, d_head]`
///
/// # Panics
/// If `len` exceeds the capacity, or a row is not below `batch`. Some backends do not check this.
pub fn select_rows(x: Tensor<4>, rows: Tensor<1, Int>, len: usize) -> Tensor<4> {
    let [_, capacity, ..] = x.dims();
    assert!(len <= capacity, "len ({len}) must not exceed the capacity ({capacity})");
    #[cfg(feature = "flex")]
    if crate::flex::is_flex_without_autodiff(&x) {
        return crate::flex::ops::rows::select_rows(x, rows, len);
    }
    x.select(0, rows)
}
