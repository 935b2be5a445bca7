//! Embedding lookup.

use burn::tensor::{Int, Tensor};

#[cfg(feature = "flex")]
use crate::ops::int8::is_int8;

/// `scale` · `weight[ids]`: the embedding of each token (Vaswani et al. 2017, section 3.4).
///
/// The row of `padding_id` receives no gradient.
///
/// # Shapes
/// - `weight`: `[vocab_size, d_model]`, `ids`: `[rows]`
/// - output: `[rows, d_model]`
///
/// # Panics
/// If an id is not below `vocab_size`. Some backends do not check this.
pub fn embedding(
    weight: Tensor<2>,
    ids: Tensor<1, Int>,
    scale: f32,
    padding_id: Option<usize>,
) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if is_int8(&weight) {
        return crate::flex::ops::int8::embedding(weight, ids, scale);
    }
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&weight) {
        return crate::flex::ops::embedding::embedding(weight, ids, scale, padding_id);
    }
    plain(weight, ids, scale, padding_id)
}

pub(crate) fn plain(
    weight: Tensor<2>,
    ids: Tensor<1, Int>,
    scale: f32,
    padding_id: Option<usize>,
) -> Tensor<2> {
    let rows = weight.select(0, ids.clone());
    let rows = match padding_id {
        Some(id) => {
            let padding = ids.equal_scalar(id as i64).float().unsqueeze_dim(1); // [rows, 1]
            rows.clone() * (-padding.clone() + 1.0) + rows.detach() * padding
        }
        None => rows,
    };
    rows * scale
}
