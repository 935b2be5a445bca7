//! Gradients of attention.

use burn::tensor::{Device, Tensor};
use crosshead_attention::{AttentionMask, KeyValue};
use crosshead_kernels::{Mode, RandomKey};
use crosshead_testkit::{
    a_gradient_reaches_every_parameter, gradients_agree_with_finite_differences, jittered, random,
};
use proptest::prelude::*;

use crate::shapes::{Shape, shapes};

/// Relative to the norm of the gradient, for functions of a few hundred f32 operations.
const TOLERANCE: f32 = 1e-3;

fn padded_causal(shape: Shape) -> AttentionMask {
    AttentionMask::causal().with_key_lengths(&shape.lengths(), shape.seq, &Device::flex())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_gradient_reaches_every_projection(shape in shapes()) {
        let device = Device::flex().autodiff();
        let attention = shape.config().init(&device);
        let x = Tensor::from_inner(shape.x());
        let y = attention.self_attention(x, &padded_causal(shape), None, Mode::Eval);
        let weights = random(y.dims(), 31, &device);
        a_gradient_reaches_every_parameter(&attention, &(y * weights).sum()).unwrap();
    }

    #[test]
    fn gradients_of_self_attention_agree_with_finite_differences(shape in shapes(), dropout: bool) {
        let config = shape.config().with_dropout(if dropout { 0.3 } else { 0.0 });
        let attention = jittered(config.init(&Device::flex()), 0.3, 32);
        let mode = Mode::Train(RandomKey::new(33));
        let f = |x| attention.self_attention(x, &padded_causal(shape), None, mode);
        let x = random([shape.batch, shape.seq, shape.d_model()], 34, &Device::flex());
        gradients_agree_with_finite_differences(f, &x, TOLERANCE).unwrap();
    }

    #[test]
    fn gradients_of_a_memory_agree_with_finite_differences(shape in shapes()) {
        let attention = shape.attention();
        let mask = AttentionMask::key_lengths(&shape.lengths(), shape.seq, &Device::flex());
        let f = |memory| {
            let memory: KeyValue = attention.project_key_value(memory, Mode::Eval);
            attention.cross_attention(shape.x().narrow(1, 0, 2), memory, &mask, Mode::Eval)
        };
        let memory = random([shape.batch, shape.seq, shape.d_model()], 35, &Device::flex());
        gradients_agree_with_finite_differences(f, &memory, TOLERANCE).unwrap();
    }

    #[test]
    fn gradients_of_a_bias_agree_with_finite_differences(shape in shapes(), per_head: bool) {
        let attention = shape.attention();
        let f = |bias| {
            let mask = AttentionMask::causal().with_bias(bias);
            attention.self_attention(shape.x(), &mask, None, Mode::Eval)
        };
        let heads = if per_head { shape.n_heads } else { 1 };
        let bias = random([1, heads, shape.seq, shape.seq], 36, &Device::flex());
        gradients_agree_with_finite_differences(f, &bias, TOLERANCE).unwrap();
    }
}
