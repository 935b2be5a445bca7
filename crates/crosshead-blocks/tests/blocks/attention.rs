//! The attention weights of stacks.

use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::Memory;
use crosshead_kernels::Mode;
use proptest::prelude::*;

use crate::random::shapes;

/// Asserts that the weights of each query of real positions add up to 1 over the visible keys and are 0 elsewhere.
#[track_caller]
fn assert_distributions(
    weights: &Tensor<4>,
    queries: &[usize],
    visible: impl Fn(usize, usize, usize) -> bool,
) {
    let [batch, n_heads, q_len, k_len] = weights.dims();
    let values: Vec<f32> = weights.to_data().iter().collect();
    for (index, row) in values.chunks(k_len).enumerate() {
        let (of_batch, query) = (index / q_len / n_heads, index % q_len);
        assert!(of_batch < batch);
        if query >= queries[of_batch] {
            continue;
        }
        let sum: f32 = row.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5, "the weights of query {query} add up to {sum}");
        for (key, &weight) in row.iter().enumerate() {
            assert!(weight >= 0.0);
            assert!(weight == 0.0 || visible(of_batch, query, key), "{query} sees {key}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn an_encoder_gives_the_same_output_with_the_weights_of_each_layer(shape in shapes()) {
        let (encoder, lengths) = (shape.encoder(), shape.lengths(shape.seq));
        let mask = AttentionMask::key_lengths(&lengths, shape.seq, &Device::flex());
        let (states, weights) = encoder.forward_with_attention(shape.x(), &mask);
        let expected = encoder.forward(shape.x(), &mask, Mode::Eval);
        prop_assert!(states.into_data() == expected.into_data());
        prop_assert_eq!(weights.len(), encoder.layers.len());
        let near = |query: usize, key: usize| {
            shape.window().is_none_or(|window| query.abs_diff(key) < window)
        };
        for weights in &weights {
            let visible = |row: usize, query, key| key < lengths[row] && near(query, key);
            assert_distributions(weights, &lengths, visible);
        }
    }

    #[test]
    fn a_decoder_gives_the_same_output_with_the_weights_of_each_layer(shape in shapes()) {
        let decoder = shape.decoder();
        let memory = Memory { states: shape.memory(), mask: shape.memory_mask() };
        let none = AttentionMask::none;
        let (states, weights) = decoder.forward_with_attention(shape.x(), none(), Some(&memory));
        let expected = decoder.forward(shape.x(), none(), Some(&memory), Mode::Eval);
        prop_assert!(states.into_data() == expected.into_data());
        prop_assert_eq!(weights.self_attn.len(), decoder.layers.len());
        prop_assert_eq!(weights.cross_attn.len(), decoder.layers.len());
        let all = vec![shape.seq; shape.batch];
        let near = |query: usize, key: usize| {
            shape.window().is_none_or(|window| query - key < window)
        };
        for weights in &weights.self_attn {
            assert_distributions(weights, &all, |_, query, key| key <= query && near(query, key));
        }
        let lengths = shape.lengths(shape.seq + 2);
        for weights in &weights.cross_attn {
            assert_distributions(weights, &all, |row, _, key| key < lengths[row]);
        }
    }
}

#[test]
fn a_decoder_without_cross_attention_has_only_self_attention() {
    let config = crosshead_blocks::LayerConfig::new(8, 2, 12);
    let decoder = config.init_decoder_only(3, &Device::flex());
    let x = Tensor::ones([2, 5, 8], &Device::flex());
    let (_, weights) = decoder.forward_with_attention(x, AttentionMask::none(), None);
    assert_eq!(weights.self_attn.len(), 3);
    assert_eq!(weights.self_attn[0].dims(), [2, 2, 5, 5]);
    assert!(weights.cross_attn.is_empty());
}
