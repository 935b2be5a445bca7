//! Batches of token ids and their embeddings.

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Int, Shape, Tensor, TensorData};
use crosshead_kernels::embedding;

/// A target that counts for nothing.
pub const IGNORED: u32 = i32::MAX as u32;

/// Token ids of a batch, row-major, each row filled up with padding.
#[derive(Clone, Copy, Debug)]
pub struct TokenBatch<'a> {
    /// `[batch, len]`
    pub ids: &'a [u32],
    /// Real tokens of each row.
    pub lengths: &'a [usize],
}

impl TokenBatch<'_> {
    /// Rows of the batch and tokens of a row.
    ///
    /// # Panics
    /// If the ids are not a whole number of tokens a row.
    pub(crate) fn size(&self) -> (usize, usize) {
        let batch = self.lengths.len();
        assert!(
            batch > 0 && self.ids.len().is_multiple_of(batch),
            "{} ids are no {batch} rows",
            self.ids.len()
        );
        (batch, self.ids.len() / batch)
    }
}

/// A table of zeros that takes no memory until it is filled or used, `[rows, columns]`.
pub(crate) fn table(rows: usize, columns: usize, device: &Device) -> Param<Tensor<2>> {
    Param::uninitialized(
        ParamId::new(),
        move |device: &Device, require_grad| {
            Tensor::zeros([rows, columns], device).set_require_grad(require_grad)
        },
        device.clone(),
        true,
        Shape::new([rows, columns]),
    )
}

/// The rows of a table, times `scale`.
///
/// # Shapes
/// - `weight`: `[vocab_size, d_model]`
/// - output: `[batch, ids.len() / batch, d_model]`
///
/// # Panics
/// If an id lies outside the table.
pub(crate) fn embed(
    weight: &Param<Tensor<2>>,
    ids: &[u32],
    batch: usize,
    scale: f32,
    padding_id: Option<u32>,
) -> Tensor<3> {
    let [vocab_size, d_model] = weight.lazy_shape().dims();
    if let Some(id) = ids.iter().find(|&&id| id as usize >= vocab_size) {
        panic!("token id {id} lies outside the vocabulary of {vocab_size}");
    }
    let len = ids.len() / batch;
    let ids = id_tensor(ids, &weight.lazy_device());
    let rows = embedding(weight.val(), ids, scale, padding_id.map(|id| id as usize));
    rows.reshape([batch, len, d_model])
}

/// Ids or targets on a device.
pub(crate) fn id_tensor(ids: &[u32], device: &Device) -> Tensor<1, Int> {
    let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    let n = ids.len();
    Tensor::from_data(TensorData::new(ids, [n]), device)
}
