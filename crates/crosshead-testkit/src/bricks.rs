//! Attention functions for the tests of the checks.

use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor, TensorData};

/// Self-attention with one head and without weights; `visible(row, query, key)` is its mask.
pub(crate) fn attend(x: Tensor<3>, visible: impl Fn(usize, usize, usize) -> bool) -> Tensor<3> {
    attend_to(x.clone(), x, visible)
}

/// Attention of `x` to `memory`.
pub(crate) fn attend_to(
    x: Tensor<3>,
    memory: Tensor<3>,
    visible: impl Fn(usize, usize, usize) -> bool,
) -> Tensor<3> {
    let ([batch, q_len, _], [_, k_len, _]) = (x.dims(), memory.dims());
    let hidden: Vec<bool> = (0..batch * q_len * k_len)
        .map(|at| !visible(at / k_len / q_len, at / k_len % q_len, at % k_len))
        .collect();
    let hidden =
        Tensor::<3, Bool>::from_data(TensorData::new(hidden, [batch, q_len, k_len]), &x.device());
    let scores = x.matmul(memory.clone().transpose()); // [batch, q_len, k_len]
    softmax(scores.mask_fill(hidden, f32::NEG_INFINITY), 2).matmul(memory)
}
