//! Rows of a cache that change places.

use burn::tensor::{Int, Tensor};

/// Row i becomes what row `rows[i]` was: its first `len` positions; what the others hold is unspecified.
///
/// On the CPU rows move in place where nobody else holds `x` and no more are wanted than there are.
///
/// # Shapes
/// - `x`: `[batch, capacity, n_heads, d_head]`, `rows`: `[new_batch]`
/// - output: `[new_batch, capacity, n_heads, d_head]`
///
/// # Panics
/// If `len` exceeds the capacity, or a row is not below `batch`; some backends do not look.
pub fn select_rows(x: Tensor<4>, rows: Tensor<1, Int>, len: usize) -> Tensor<4> {
    let [_, capacity, ..] = x.dims();
    assert!(len <= capacity, "len ({len}) must not exceed the capacity ({capacity})");
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) && !x.is_autodiff() {
        return crate::flex::rows::select_rows(x, rows, len);
    }
    x.select(0, rows)
}
