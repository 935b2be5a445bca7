//! The decoder.

use burn::tensor::{Device, Int, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::{Decoder, DecoderCache, Memory};
use crosshead_kernels::Mode;
use crosshead_testkit::{
    Sequence, a_batch_of_one_equals_its_row, a_gradient_reaches_every_parameter,
    cached_steps_equal_the_full_pass, dropout_is_off_at_inference,
    future_tokens_do_not_change_past_outputs, gradients_agree_with_finite_differences, jittered,
    padded_rows_equal_unpadded_rows, padding_content_does_not_change_real_outputs, random,
    reordered_steps_equal_the_full_pass, training_is_a_pure_function_of_the_key,
};
use proptest::prelude::*;

use crate::random::{GRADIENT_TOLERANCE, Shape, TOLERANCE, loss, shapes, training, with_dropout};

/// The outputs for all positions, with the shape's memory.
fn full(decoder: &Decoder, shape: Shape, x: Tensor<3>) -> Tensor<3> {
    run(decoder, x, shape.memory(), shape.memory_mask(), Mode::Eval)
}

fn run(
    decoder: &Decoder,
    x: Tensor<3>,
    states: Tensor<3>,
    mask: AttentionMask,
    mode: Mode,
) -> Tensor<3> {
    decoder.forward(x, AttentionMask::none(), Some(&Memory { states, mask }), mode)
}

fn start(decoder: &Decoder, shape: Shape) -> DecoderCache {
    let memory = Memory { states: shape.memory(), mask: shape.memory_mask() };
    decoder.start(Some(&memory), AttentionMask::none(), shape.seq)
}

fn reorder(cache: &mut DecoderCache, rows: &[usize]) {
    let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    cache.reorder(&Tensor::<1, Int>::from_data(&*rows, &Device::flex()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn future_tokens_do_not_change_past_outputs_of_a_decoder(shape in shapes()) {
        let decoder = shape.decoder();
        let f = |x| full(&decoder, shape, x);
        future_tokens_do_not_change_past_outputs(f, shape.x(), TOLERANCE).unwrap();
    }

    #[test]
    fn the_padding_of_the_memory_does_not_change_the_output(shape in shapes()) {
        let decoder = shape.decoder();
        // There are as many queries as unpadded keys, because the checks compare outputs up to a row's length.
        let x = random([shape.batch, shape.seq + 2, shape.d_model()], 9, &Device::flex());
        let f = |memory: Tensor<3>, lengths: &[usize]| {
            let mask = AttentionMask::key_lengths(lengths, memory.dims()[1], &memory.device());
            run(&decoder, x.clone(), memory, mask, Mode::Eval)
        };
        let lengths = shape.lengths(shape.seq + 2);
        padding_content_does_not_change_real_outputs(f, shape.memory(), &lengths, TOLERANCE).unwrap();
    }

    #[test]
    fn padding_the_target_does_not_change_the_output(shape in shapes()) {
        let decoder = shape.decoder();
        let memory = shape.memory().rows(&[0]);
        // With a causal mask, padding on the right does not need a mask.
        let f = |x: Tensor<3>, _: &[usize]| {
            let memory = memory.rows(&vec![0; x.dims()[0]]);
            run(&decoder, x, memory, AttentionMask::none(), Mode::Eval)
        };
        let lengths = shape.lengths(shape.seq);
        padded_rows_equal_unpadded_rows(f, shape.x(), &lengths, TOLERANCE).unwrap();
    }

    #[test]
    fn batched_outputs_equal_single_outputs(shape in shapes()) {
        let (decoder, x, memory) = (shape.decoder(), shape.x(), shape.memory());
        let lengths = shape.lengths(shape.seq + 2);
        let f = |rows: &[usize]| {
            let lengths: Vec<usize> = rows.iter().map(|&row| lengths[row]).collect();
            let mask = AttentionMask::key_lengths(&lengths, shape.seq + 2, &Device::flex());
            run(&decoder, x.rows(rows), memory.rows(rows), mask, Mode::Eval)
        };
        a_batch_of_one_equals_its_row(f, shape.batch, TOLERANCE).unwrap();
    }

    #[test]
    fn cached_decoding_equals_the_full_pass(shape in shapes()) {
        let decoder = shape.decoder();
        cached_steps_equal_the_full_pass(
            |x| full(&decoder, shape, x),
            || start(&decoder, shape),
            |cache, x| decoder.forward_cached(x, cache),
            shape.x(),
            TOLERANCE,
        )
        .unwrap();
    }

    #[test]
    fn reordered_rows_keep_their_cache_and_memory(shape in shapes()) {
        let decoder = shape.decoder();
        reordered_steps_equal_the_full_pass(
            |x| full(&decoder, shape, x),
            || start(&decoder, shape),
            |cache, x| decoder.forward_cached(x, cache),
            reorder,
            shape.x(),
            TOLERANCE,
        )
        .unwrap();
    }

    #[test]
    fn dropout_is_off_at_inference_and_keyed_in_training(shape in shapes()) {
        let with = shape.decoder_of(with_dropout(shape.config()));
        let without = shape.decoder();
        let inference = |x| full(&with, shape, x);
        dropout_is_off_at_inference(inference, |x| full(&without, shape, x), &shape.x()).unwrap();
        let train = |x, seed| run(&with, x, shape.memory(), shape.memory_mask(), training(seed));
        training_is_a_pure_function_of_the_key(train, inference, &shape.x()).unwrap();
    }

    #[test]
    fn a_gradient_reaches_every_parameter_of_a_decoder(shape in shapes()) {
        let decoder = shape.trained_decoder();
        let (x, memory) = (Tensor::from_inner(shape.x()), Tensor::from_inner(shape.memory()));
        let y = run(&decoder, x, memory, shape.memory_mask(), training(6));
        a_gradient_reaches_every_parameter(&decoder, &loss(y)).unwrap();
    }

    #[test]
    fn the_gradients_of_a_decoder_equal_finite_differences(shape in shapes(), drop: bool) {
        let config = if drop { with_dropout(shape.config()) } else { shape.config() };
        // Small weights, so that finite differences are accurate.
        let decoder = jittered(shape.decoder_of(config), 0.2, 2);
        let mask = shape.memory_mask();
        let x = random([shape.batch, shape.seq, shape.d_model()], 7, &Device::flex());
        let of_x = |x| run(&decoder, x, shape.memory(), mask.clone(), training(8));
        gradients_agree_with_finite_differences(of_x, &x, GRADIENT_TOLERANCE).unwrap();
        let of_memory = |memory| run(&decoder, x.clone(), memory, mask.clone(), training(8));
        gradients_agree_with_finite_differences(of_memory, &shape.memory(), GRADIENT_TOLERANCE)
            .unwrap();
    }
}
