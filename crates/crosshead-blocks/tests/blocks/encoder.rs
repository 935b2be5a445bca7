//! The encoder.

use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_blocks::Encoder;
use crosshead_kernels::Mode;
use crosshead_testkit::{
    Sequence, a_batch_of_one_equals_its_row, a_gradient_reaches_every_parameter, assert_close,
    dropout_is_off_at_inference, gradients_agree_with_finite_differences, jittered,
    masked_rows_are_finite, padded_rows_equal_unpadded_rows,
    padding_content_does_not_change_real_outputs, random, training_is_a_pure_function_of_the_key,
};
use proptest::prelude::*;

use crate::random::{GRADIENT_TOLERANCE, TOLERANCE, loss, shapes, training, with_dropout};

fn run(encoder: &Encoder, x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
    let mask = AttentionMask::key_lengths(lengths, x.dims()[1], &x.device());
    encoder.forward(x, &mask, Mode::Eval)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn padding_does_not_change_real_outputs(shape in shapes()) {
        let encoder = shape.encoder();
        let f = |x, lengths: &[usize]| run(&encoder, x, lengths);
        let lengths = shape.lengths(shape.seq);
        padding_content_does_not_change_real_outputs(f, shape.x(), &lengths, TOLERANCE).unwrap();
        padded_rows_equal_unpadded_rows(f, shape.x(), &lengths, TOLERANCE).unwrap();
    }

    #[test]
    fn batched_outputs_equal_single_outputs(shape in shapes()) {
        let (encoder, x, lengths) = (shape.encoder(), shape.x(), shape.lengths(shape.seq));
        let f = |rows: &[usize]| {
            let lengths: Vec<usize> = rows.iter().map(|&row| lengths[row]).collect();
            run(&encoder, x.rows(rows), &lengths)
        };
        a_batch_of_one_equals_its_row(f, shape.batch, TOLERANCE).unwrap();
    }

    #[test]
    fn without_positions_outputs_permute_with_inputs(shape in shapes()) {
        let encoder = shape.without_positions().encoder();
        let forward = |x| encoder.forward(x, &AttentionMask::none(), Mode::Eval);
        let actual = forward(shape.x().flip([1]));
        assert_close(&actual, &forward(shape.x()).flip([1]), TOLERANCE, TOLERANCE);
    }

    #[test]
    fn an_empty_row_is_finite(shape in shapes()) {
        let encoder = shape.encoder();
        let mut lengths = shape.lengths(shape.seq);
        lengths[1] = 0;
        masked_rows_are_finite(|x| run(&encoder, x, &lengths), &shape.x()).unwrap();
    }

    #[test]
    fn dropout_is_off_at_inference_and_keyed_in_training(shape in shapes()) {
        let with = shape.encoder_of(with_dropout(shape.config()));
        let without = shape.encoder();
        let mask = AttentionMask::none();
        let inference = |x| with.forward(x, &mask, Mode::Eval);
        dropout_is_off_at_inference(inference, |x| without.forward(x, &mask, Mode::Eval), &shape.x())
            .unwrap();
        let train = |x, seed| with.forward(x, &mask, training(seed));
        training_is_a_pure_function_of_the_key(train, inference, &shape.x()).unwrap();
    }

    #[test]
    fn a_gradient_reaches_every_parameter_of_an_encoder(shape in shapes()) {
        let encoder = shape.trained_encoder();
        let x = Tensor::from_inner(shape.x());
        let y = encoder.forward(x, &AttentionMask::none(), training(6));
        a_gradient_reaches_every_parameter(&encoder, &loss(y)).unwrap();
    }

    #[test]
    fn the_gradient_of_an_encoder_equals_finite_differences(shape in shapes(), drop: bool) {
        let config = if drop { with_dropout(shape.config()) } else { shape.config() };
        // Small weights, so that finite differences are accurate.
        let encoder = jittered(shape.encoder_of(config), 0.2, 1);
        let lengths = shape.lengths(shape.seq);
        let mask = AttentionMask::key_lengths(&lengths, shape.seq, &Device::flex());
        let x = random([shape.batch, shape.seq, shape.d_model()], 7, &Device::flex());
        let f = |x| encoder.forward(x, &mask, training(8));
        gradients_agree_with_finite_differences(f, &x, GRADIENT_TOLERANCE).unwrap();
    }
}
