//! Batches of token ids and their embeddings.

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Int, Shape, Tensor, TensorData};
use crosshead_kernels::embedding;

/// The target id that a loss ignores.
pub const IGNORED: u32 = i32::MAX as u32;

/// The token ids of a batch, row-major, with each row padded on the right.
#[derive(Clone, Copy, Debug)]
pub struct TokenBatch<'a> {
    /// The ids, `[batch, len]`.
    pub ids: &'a [u32],
    /// The number of tokens in each row, without padding, `[batch]`.
    pub lengths: &'a [usize],
}

impl TokenBatch<'_> {
    /// The number of rows and the padded length of a row.
    ///
    /// # Panics
    /// If the number of ids is not a multiple of the number of rows.
    pub(crate) fn size(&self) -> (usize, usize) {
        let batch = self.lengths.len();
        assert!(
            batch > 0 && self.ids.len().is_multiple_of(batch),
            "{} ids are not a multiple of {batch} rows",
            self.ids.len()
        );
        (batch, self.ids.len() / batch)
    }
}

/// An embedding table of zeros that takes no memory until it is filled or used, `[rows, columns]`.
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

/// Looks up rows of an embedding table and multiplies them by `scale`.
///
/// # Shapes
/// - `weight`: `[vocab_size, d_model]`
/// - output: `[batch, ids.len() / batch, d_model]`
///
/// # Panics
/// If an id is outside the table.
pub(crate) fn embed(
    weight: &Param<Tensor<2>>,
    ids: &[u32],
    batch: usize,
    scale: f32,
    padding_id: Option<u32>,
) -> Tensor<3> {
    let [vocab_size, d_model] = weight.lazy_shape().dims();
    if let Some(id) = ids.iter().find(|&&id| id as usize >= vocab_size) {
        panic!("token id {id} is outside the vocabulary of {vocab_size}");
    }
    let len = ids.len() / batch;
    let ids = id_tensor(ids, &weight.lazy_device());
    let rows = embedding(weight.val(), ids, scale, padding_id.map(|id| id as usize));
    rows.reshape([batch, len, d_model])
}

/// Moves ids or targets to a device.
pub(crate) fn id_tensor(ids: &[u32], device: &Device) -> Tensor<1, Int> {
    let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    let n = ids.len();
    Tensor::from_data(TensorData::new(ids, [n]), device)
}
