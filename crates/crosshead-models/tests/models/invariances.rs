//! Invariances of the outputs of a model.

use burn::tensor::{Device, Int, Tensor};
use crosshead_blocks::NormOrder;
use crosshead_kernels::{LabelSmoothing, Mode, RandomKey};
use crosshead_models::{EncoderDecoder, EncoderDecoderConfig, StackConfig, TokenBatch};
use crosshead_testkit::{
    Sequence, a_batch_of_one_equals_its_row, assert_close, check_close,
    future_tokens_do_not_change_past_outputs, padded_rows_equal_unpadded_rows,
    padding_content_does_not_change_real_outputs, training_is_a_pure_function_of_the_key,
};
use proptest::prelude::*;

use crate::tiny::{BATCH, Batch, PAD_ID, TOLERANCE, VOCAB_SIZE, config, model, model_of};
use crate::tiny::{norm_orders, sentences};

/// The decoder's output for a batch of sources and decoder inputs.
fn decode(model: &EncoderDecoder, source: &Batch, input: &Batch, mode: Mode) -> Tensor<3> {
    let memory = model.encode(source.tokens(), mode);
    model.decode(input.tokens(), &memory, mode)
}

fn loss(
    model: &EncoderDecoder,
    source: &[Vec<u32>],
    target: &[Vec<u32>],
    smoothing: LabelSmoothing,
) -> f64 {
    let (input, target) = (Batch::decoder_input(target), Batch::of(target));
    let source = Batch::of(source);
    let loss = model.loss(source.tokens(), input.tokens(), &target.ids, smoothing, Mode::Eval);
    f64::from(loss.into_scalar::<f32>())
}

/// Σ over real tokens of −Σ q·log p, by definition.
fn loss_of_logits(logits: Tensor<3>, target: &Batch, smoothing: LabelSmoothing) -> f64 {
    let n_classes = VOCAB_SIZE - 1;
    let (on_label, on_others) = match smoothing {
        LabelSmoothing::None => (1.0, 0.0),
        LabelSmoothing::AllClasses(epsilon) => {
            let share = f64::from(epsilon) / n_classes as f64;
            (1.0 - f64::from(epsilon) + share, share)
        }
        LabelSmoothing::OtherClasses(epsilon) => {
            (1.0 - f64::from(epsilon), f64::from(epsilon) / (n_classes - 1) as f64)
        }
    };
    let logits: Vec<f64> = logits.into_data().iter::<f64>().collect();
    let rows = logits.chunks(VOCAB_SIZE).zip(&target.ids).filter(|&(_, &label)| label != PAD_ID);
    rows.map(|(row, &label)| {
        let row = &row[..n_classes];
        let log_total = row.iter().map(|z| z.exp()).sum::<f64>().ln();
        let share = |class: usize| if class == label as usize { on_label } else { on_others };
        row.iter().enumerate().map(|(class, z)| share(class) * (log_total - z)).sum::<f64>()
    })
    .sum()
}

fn smoothings() -> impl Strategy<Value = LabelSmoothing> {
    prop::sample::select(vec![
        LabelSmoothing::None,
        LabelSmoothing::AllClasses(0.1),
        LabelSmoothing::OtherClasses(0.1),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn padding_of_the_source_does_not_change_the_memory(
        order in norm_orders(), source in sentences(),
    ) {
        let (model, source) = (model(order), Batch::of(&source));
        let encode = |ids: Tensor<2, Int>, lengths: &[usize]| {
            model.encode(Batch::of_tensor(&ids, lengths).tokens(), Mode::Eval).states
        };
        let (ids, lengths) = (source.tensor(), &source.lengths);
        padding_content_does_not_change_real_outputs(encode, ids.clone(), lengths, TOLERANCE).unwrap();
        padded_rows_equal_unpadded_rows(encode, ids, lengths, TOLERANCE).unwrap();
    }

    #[test]
    fn padding_of_the_source_does_not_change_the_logits(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let (model, batch) = (model(order), Batch::of(&source));
        let input = Batch::decoder_input(&target);
        let logits = |source: &Batch, input: &Batch| {
            model.logits(decode(&model, source, input, Mode::Eval))
        };
        let batched = logits(&batch, &input);
        for row in 0..BATCH {
            let alone = logits(
                &Batch::of(&source[row..=row]),
                &Batch::decoder_input(&target[row..=row]),
            );
            let real = batched.rows(&[row]).positions(0..target[row].len());
            assert_close(&alone, &real, TOLERANCE, TOLERANCE);
        }
    }

    #[test]
    fn future_target_tokens_do_not_change_past_logits(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let (model, source) = (model(order), Batch::of(&source));
        let memory = model.encode(source.tokens(), Mode::Eval);
        let input = Batch::decoder_input(&target);
        let f = |ids: Tensor<2, Int>| {
            let input = Batch::of_tensor(&ids, &input.lengths);
            model.logits(model.decode(input.tokens(), &memory, Mode::Eval))
        };
        future_tokens_do_not_change_past_outputs(f, input.tensor(), TOLERANCE).unwrap();
    }

    #[test]
    fn the_logits_of_a_sentence_are_the_same_alone_and_in_a_batch(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let (model, source) = (model(order), Batch::of(&source));
        let input = Batch::decoder_input(&target);
        let f = |rows: &[usize]| {
            let pick = |batch: &Batch| {
                let lengths: Vec<usize> = rows.iter().map(|&row| batch.lengths[row]).collect();
                Batch::of_tensor(&batch.tensor().rows(rows), &lengths)
            };
            model.logits(decode(&model, &pick(&source), &pick(&input), Mode::Eval))
        };
        a_batch_of_one_equals_its_row(f, BATCH, TOLERANCE).unwrap();
    }

    #[test]
    fn the_loss_is_the_cross_entropy_of_the_logits_of_real_tokens(
        order in norm_orders(), source in sentences(), target in sentences(), smoothing in smoothings(),
    ) {
        let model = model(order);
        let input = Batch::decoder_input(&target);
        let logits = model.logits(decode(&model, &Batch::of(&source), &input, Mode::Eval));
        let expected = loss_of_logits(logits, &Batch::of(&target), smoothing);
        let actual = loss(&model, &source, &target, smoothing);
        prop_assert!((actual - expected).abs() < 1e-4 * expected, "{actual} {expected}");
    }

    #[test]
    fn the_loss_of_a_batch_is_the_sum_of_the_losses_of_its_sentences(
        order in norm_orders(), source in sentences(), target in sentences(), smoothing in smoothings(),
    ) {
        let model = model(order);
        let alone = |row: usize| loss(&model, &source[row..=row], &target[row..=row], smoothing);
        let expected: f64 = (0..BATCH).map(alone).sum();
        let actual = loss(&model, &source, &target, smoothing);
        prop_assert!((actual - expected).abs() < 1e-4 * expected, "{actual} {expected}");
    }

    #[test]
    fn training_depends_only_on_the_key_for_each_dropout(
        order in norm_orders(), source in sentences(), which in 0..3_usize,
    ) {
        let mut config = config(order);
        let stack = &mut config.stack;
        *[&mut stack.dropout, &mut stack.attention_dropout, &mut stack.activation_dropout][which] = 0.5;
        let (model, source) = (model_of(config), Batch::of(&source));
        // Only the key varies: the tokens are the same in every run.
        let run = |mode| decode(&model, &source, &source, mode);
        let training = |_: Tensor<1>, seed| run(Mode::Train(RandomKey::new(seed)));
        let unused = Tensor::zeros([1], &Device::flex());
        training_is_a_pure_function_of_the_key(training, |_| run(Mode::Eval), &unused).unwrap();
    }
}

/// Padding that is not the last id is part of the softmax, but the loss ignores it.
#[test]
fn the_padding_may_be_any_id() {
    let config = EncoderDecoderConfig { pad_id: 2, ..config(NormOrder::Post) };
    let model = model_of(config);
    let loss = |source: TokenBatch<'_>, input: TokenBatch<'_>, target: &[u32]| {
        let loss = model.loss(source, input, target, LabelSmoothing::None, Mode::Eval);
        loss.into_scalar::<f32>()
    };
    let source = TokenBatch { ids: &[5, 6, 0, 7, 0, 2], lengths: &[3, 2] };
    let input = TokenBatch { ids: &[2, 8, 9, 2, 10, 2], lengths: &[3, 2] };
    let batched = loss(source, input, &[8, 9, 0, 10, 0, 2]);
    let first = loss(
        TokenBatch { ids: &[5, 6, 0], lengths: &[3] },
        TokenBatch { ids: &[2, 8, 9], lengths: &[3] },
        &[8, 9, 0],
    );
    let second = loss(
        TokenBatch { ids: &[7, 0], lengths: &[2] },
        TokenBatch { ids: &[2, 10], lengths: &[2] },
        &[10, 0],
    );
    assert!((batched - first - second).abs() < 1e-4 * batched, "{batched} {first} {second}");
}

#[test]
fn padding_is_excluded_from_the_softmax() {
    let device = Device::flex();
    let model = config(NormOrder::Post).init(1, &device);
    let source = Batch::of(&[vec![1, 2, 0]]);
    let logits = model.logits(decode(&model, &source, &source, Mode::Eval));
    let padding = logits.slice([0..1, 0..3, PAD_ID as usize..VOCAB_SIZE]);
    assert!(padding.into_data().iter::<f32>().all(|logit| logit < -1e8));
}

#[test]
fn scale_embedding_changes_the_states() {
    let scaled = config(NormOrder::Pre);
    let stack = StackConfig { scale_embedding: false, ..scaled.stack.clone() };
    let unscaled = EncoderDecoderConfig { stack, ..scaled.clone() };
    let tokens = TokenBatch { ids: &[1, 2, 0], lengths: &[3] };
    let [scaled, unscaled] = [scaled, unscaled]
        .map(|config| config.init(1, &Device::flex()).encode(tokens, Mode::Eval).states);
    assert!(check_close(&scaled, &unscaled, 1e-3, 1e-3).is_err());
}

#[test]
#[should_panic(expected = "token id 13 is outside the vocabulary of 13")]
fn an_id_outside_the_vocabulary_is_rejected() {
    let model = config(NormOrder::Post).init(1, &Device::flex());
    model.encode(TokenBatch { ids: &[1, 13], lengths: &[2] }, Mode::Eval);
}

#[test]
#[should_panic(expected = "5 ids are not a multiple of 2 rows")]
fn a_ragged_batch_is_rejected() {
    let model = config(NormOrder::Post).init(1, &Device::flex());
    model.encode(TokenBatch { ids: &[1, 2, 3, 4, 5], lengths: &[3, 2] }, Mode::Eval);
}
