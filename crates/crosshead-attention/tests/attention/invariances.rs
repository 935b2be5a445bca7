//! Inputs that outputs must not depend on.

use std::ops::Range;

use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_attention::{AttentionMask, MultiHeadAttention, MultiHeadAttentionConfig};
use crosshead_kernels::{Linear, Mode, RandomKey};
use crosshead_testkit::{
    Sequence, a_batch_of_one_equals_its_row, assert_close, dropout_is_off_at_inference,
    fully_masked_rows_give_zeros, future_tokens_do_not_change_past_outputs, masked_rows_are_finite,
    padded_rows_equal_unpadded_rows, padding_content_does_not_change_real_outputs,
    the_side_of_padding_does_not_change_real_outputs, training_is_a_pure_function_of_the_key,
};
use proptest::prelude::*;

use crate::shapes::{Shape, TOLERANCE, shapes};

/// Self-attention at inference.
fn run(attention: &MultiHeadAttention, x: Tensor<3>, mask: &AttentionMask) -> Tensor<3> {
    attention.self_attention(x, mask, None, Mode::Eval)
}

/// Additionally hides the keys outside the range of each row.
fn with_key_ranges(mask: AttentionMask, ranges: &[Range<usize>], k_len: usize) -> AttentionMask {
    let hidden = |shown: bool| if shown { 0.0 } else { f32::NEG_INFINITY };
    let bias: Vec<f32> = ranges
        .iter()
        .flat_map(|range| (0..k_len).map(|key| hidden(range.contains(&key))))
        .collect();
    let data = TensorData::new(bias, [ranges.len(), 1, 1, k_len]);
    mask.with_bias(Tensor::from_data(data, &Device::flex()))
}

fn causal_if(causal: bool) -> AttentionMask {
    if causal { AttentionMask::causal() } else { AttentionMask::none() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn future_tokens_do_not_change_past_outputs_under_a_causal_mask(shape in shapes()) {
        let attention = shape.attention();
        let causal = |x| run(&attention, x, &AttentionMask::causal());
        future_tokens_do_not_change_past_outputs(causal, shape.x(), TOLERANCE).unwrap();
    }

    #[test]
    fn a_key_bias_does_not_change_the_output(shape in shapes()) {
        let with_bias = shape.attention();
        let mut without = with_bias.clone();
        without.k_proj.bias = None;
        let y = |attention| run(attention, shape.x(), &AttentionMask::causal());
        assert_close(&y(&without), &y(&with_bias), TOLERANCE, TOLERANCE);
    }

    #[test]
    fn padding_does_not_change_real_outputs(shape in shapes()) {
        let attention = shape.attention();
        let f = |x: Tensor<3>, lengths: &[usize]| {
            let mask = AttentionMask::key_lengths(lengths, x.dims()[1], &x.device());
            run(&attention, x, &mask)
        };
        let lengths = shape.lengths();
        padding_content_does_not_change_real_outputs(f, shape.x(), &lengths, TOLERANCE).unwrap();
        padded_rows_equal_unpadded_rows(f, shape.x(), &lengths, TOLERANCE).unwrap();
    }

    #[test]
    fn the_side_of_padding_does_not_change_real_outputs_of_attention(shape in shapes(), causal: bool) {
        let attention = shape.attention();
        let f = |x: Tensor<3>, ranges: &[Range<usize>]| {
            let mask = with_key_ranges(causal_if(causal), ranges, x.dims()[1]);
            run(&attention, x, &mask)
        };
        let lengths = shape.lengths();
        the_side_of_padding_does_not_change_real_outputs(f, shape.x(), &lengths, TOLERANCE).unwrap();
    }

    #[test]
    fn a_batch_of_one_equals_its_row_of_attention(shape in shapes()) {
        let (attention, x, lengths) = (shape.attention(), shape.x(), shape.lengths());
        let f = |rows: &[usize]| {
            let lengths: Vec<usize> = rows.iter().map(|&row| lengths[row]).collect();
            let mask = AttentionMask::causal().with_key_lengths(&lengths, shape.seq, &x.device());
            run(&attention, x.rows(rows), &mask)
        };
        a_batch_of_one_equals_its_row(f, shape.batch, TOLERANCE).unwrap();
    }

    #[test]
    fn without_a_mask_permuted_positions_give_permuted_outputs(shape in shapes()) {
        let attention = shape.attention();
        let backwards = |x: Tensor<3>| x.flip([1]);
        let plain = run(&attention, shape.x(), &AttentionMask::none());
        let actual = run(&attention, backwards(shape.x()), &AttentionMask::none());
        assert_close(&actual, &backwards(plain), TOLERANCE, TOLERANCE);
    }

    #[test]
    fn grouped_heads_are_full_heads_that_share_keys_and_values(shape in shapes()) {
        let attention = shape.attention();
        let full = with_repeated_heads(&attention, shape);
        let actual = run(&attention, shape.x(), &AttentionMask::causal());
        let expected = run(&full, shape.x(), &AttentionMask::causal());
        assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn a_row_without_visible_keys_gives_zeros(shape in shapes(), causal: bool) {
        // Without an output bias, zero heads give zero outputs.
        let attention = shape.config().with_bias(false).init(&Device::flex());
        let mut lengths = shape.lengths();
        lengths[1] = 0;
        let mask = causal_if(causal).with_key_lengths(&lengths, shape.seq, &Device::flex());
        let f = |x| run(&attention, x, &mask);
        fully_masked_rows_give_zeros(f, &shape.x(), &[1]).unwrap();
    }

    #[test]
    fn queries_before_the_first_key_give_finite_outputs(shape in shapes()) {
        // Left padding with a causal mask: the first queries have no visible key.
        let attention = shape.attention();
        let ranges: Vec<_> = (0..shape.batch).map(|row| row + 1..shape.seq).collect();
        let mask = with_key_ranges(AttentionMask::causal(), &ranges, shape.seq);
        masked_rows_are_finite(|x| run(&attention, x, &mask), &shape.x()).unwrap();
    }

    #[test]
    fn dropout_is_off_in_evaluation_and_keyed_in_training(shape in shapes()) {
        let device = Device::flex();
        let with = shape.config().with_dropout(0.5).init(&device);
        let without = shape.config().init(&device);
        let mask = AttentionMask::none();
        let inference = |x| run(&with, x, &mask);
        dropout_is_off_at_inference(inference, |x| run(&without, x, &mask), &shape.x()).unwrap();
        let training = |x, seed| {
            with.self_attention(x, &mask, None, Mode::Train(RandomKey::new(seed)))
        };
        training_is_a_pure_function_of_the_key(training, inference, &shape.x()).unwrap();
    }
}

/// Long enough for several blocks of a kernel, with an incomplete last one.
#[test]
fn causality_and_padding_hold_for_long_sequences() {
    let shape = Shape { batch: 2, seq: 77, n_heads: 3, n_kv_heads: 3, d_head: 20 };
    let attention = shape.attention();
    let f = |x: Tensor<3>, lengths: &[usize]| {
        let mask = AttentionMask::causal().with_key_lengths(lengths, x.dims()[1], &x.device());
        run(&attention, x, &mask)
    };
    future_tokens_do_not_change_past_outputs(|x| f(x, &[77, 50]), shape.x(), TOLERANCE).unwrap();
    padding_content_does_not_change_real_outputs(f, shape.x(), &[77, 33], TOLERANCE).unwrap();
    padded_rows_equal_unpadded_rows(f, shape.x(), &[65, 33], TOLERANCE).unwrap();
}

#[test]
fn each_projection_bias_is_configured_separately() {
    let biases = |config: MultiHeadAttentionConfig| {
        let attention = config.init(&Device::flex());
        let MultiHeadAttention { q_proj, k_proj, v_proj, out_proj, .. } = attention;
        [q_proj, k_proj, v_proj, out_proj].map(|projection| projection.bias.is_some())
    };
    let config = || MultiHeadAttentionConfig::new(4, 2);
    assert_eq!(biases(config()), [true; 4]);
    assert_eq!(biases(config().with_bias(false)), [false; 4]);
    assert_eq!(biases(config().with_q_bias(false)), [false, true, true, true]);
    assert_eq!(biases(config().with_k_bias(false)), [true, false, true, true]);
    assert_eq!(biases(config().with_v_bias(false)), [true, true, false, true]);
    assert_eq!(biases(config().with_out_bias(false)), [true, true, true, false]);
}

#[test]
#[should_panic(expected = "d_model (10) must be divisible by n_heads (4)")]
fn heads_that_do_not_divide_d_model_panic() {
    MultiHeadAttentionConfig::new(10, 4).init(&Device::flex());
}

#[test]
#[should_panic(expected = "n_heads (4) must be divisible by n_kv_heads (3)")]
fn groups_of_different_sizes_panic() {
    MultiHeadAttentionConfig::new(8, 4).with_n_kv_heads(3).init(&Device::flex());
}

/// The same layer with one key/value head per query head.
fn with_repeated_heads(attention: &MultiHeadAttention, shape: Shape) -> MultiHeadAttention {
    let repeated = |linear: &Linear| {
        let mut linear = linear.clone();
        linear.weight = Param::from_tensor(repeat_heads(linear.weight.val(), shape));
        linear.bias = linear.bias.map(|bias| {
            Param::from_tensor(repeat_heads(bias.val().unsqueeze_dim(1), shape).squeeze_dim(1))
        });
        linear
    };
    let mut full = Shape { n_kv_heads: shape.n_heads, ..shape }.config().init(&Device::flex());
    full.q_proj = attention.q_proj.clone();
    full.k_proj = repeated(&attention.k_proj);
    full.v_proj = repeated(&attention.v_proj);
    full.out_proj = attention.out_proj.clone();
    full
}

/// Repeats the rows of each head for every query head that reads them.
fn repeat_heads(rows: Tensor<2>, shape: Shape) -> Tensor<2> {
    let group = shape.n_heads / shape.n_kv_heads;
    let row = |head: usize, i: usize| (head / group * shape.d_head + i) as i64;
    let index: Vec<i64> =
        (0..shape.n_heads).flat_map(|head| (0..shape.d_head).map(move |i| row(head, i))).collect();
    rows.clone().select(0, Tensor::<1, Int>::from_data(&*index, &rows.device()))
}
