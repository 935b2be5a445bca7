//! Embedding lookup in an int8 table, without a backward pass.

use burn::backend::Flex;
use burn::tensor::{Int, Tensor};

use crate::flex::gemm::int8::dispatch::Weight;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::int8::{quantized, rows};

/// The fused implementation of [`crate::embedding()`] for an int8 table. The rows are dequantized to f32.
pub(crate) fn embedding(weight: Tensor<2>, ids: Tensor<1, Int>, scale: f32) -> Tensor<2> {
    let weight = quantized(weight);
    let Weight { values, scales, d_in: d_model, d_out: vocab_size, .. } = rows(&weight);
    let row = |id: i64| match usize::try_from(id) {
        Ok(row) if row < vocab_size => row,
        _ => panic!("token id {id} is outside the vocabulary of {vocab_size}"),
    };
    let ids: Vec<usize> = ids.into_data().iter::<i64>().map(row).collect();
    let mut y = Buffer::unspecified(ids.len() * d_model);
    for (y, &row) in y.chunks_exact_mut(d_model.max(1)).zip(&ids) {
        let bytes = &values[row * d_model..][..d_model];
        let pairs = y.iter_mut().zip(bytes);
        pairs.for_each(|(y, &byte)| *y = f32::from(byte) * scales[row] * scale);
    }
    Tensor::from_primitive::<Flex>(y.into_tensor([ids.len(), d_model]))
}
