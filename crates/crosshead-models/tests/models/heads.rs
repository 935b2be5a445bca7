//! Encoders and their heads.

use burn::tensor::{Device, Tensor};
use crosshead_kernels::{LabelSmoothing, Mode, RandomKey};
use crosshead_models::ModelConfig;
use crosshead_models::presets::find;
use crosshead_models::{
    ClassifierHead, Encoder, EncoderConfig, IGNORED, MaskedLm, Pooling, SequenceClassifier,
    StackConfig, TokenBatch, TokenClassifier,
};
use crosshead_testkit::{a_gradient_reaches_every_parameter, assert_close, jittered, random};
use proptest::prelude::*;

use crate::tiny::TOLERANCE;

fn config() -> EncoderConfig {
    let ModelConfig::MaskedLm(config) = find("tiny-encoder").unwrap().config() else { panic!() };
    let stack = StackConfig { d_model: 16, d_ff: 20, n_heads: 2, max_len: 32, ..config.stack };
    EncoderConfig { vocab_size: 13, stack, ..config }
}

fn encoder() -> Encoder {
    jittered(config().init(1, &Device::flex()), 0.2, 2)
}

const POOLINGS: [Pooling; 6] = [
    Pooling::First,
    Pooling::Mean,
    Pooling::Max,
    Pooling::MeanSqrtLen,
    Pooling::WeightedMean,
    Pooling::Last,
];

fn ids(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(1..13_u32, len)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn padding_changes_neither_states_nor_pooled_vectors(text in ids(1..6), filler in ids(1..5)) {
        let encoder = encoder();
        let padded: Vec<u32> = [text.clone(), filler].concat();
        let alone = TokenBatch { ids: &text, lengths: &[text.len()] };
        let padded = TokenBatch { ids: &padded, lengths: &[text.len()] };
        let [alone, padded] = [alone, padded].map(|tokens| encoder.forward(tokens, None, Mode::Eval));
        assert_close(&padded.clone().narrow(1, 0, text.len()), &alone, TOLERANCE, TOLERANCE);
        for pooling in POOLINGS {
            let [alone, padded] =
                [&alone, &padded].map(|states| pooling.apply(states.clone(), &[text.len()]));
            assert_close(&padded, &alone, TOLERANCE, TOLERANCE);
        }
    }

    #[test]
    fn token_types_change_the_states(text in ids(2..6)) {
        let encoder = encoder();
        let tokens = TokenBatch { ids: &text, lengths: &[text.len()] };
        let zeros = vec![0; text.len()];
        let mut types = zeros.clone();
        let [none, first] =
            [None, Some(&zeros)].map(|types| encoder.forward(tokens, types.map(|t| &**t), Mode::Eval));
        assert_close(&none, &first, 0.0, 0.0);
        types[1] = 1;
        let second = encoder.forward(tokens, Some(&types), Mode::Eval);
        prop_assert!((first - second).abs().max().into_scalar::<f32>() > 1e-3);
    }
}

#[test]
#[should_panic(expected = "token type 2: the model has 2 types")]
fn a_token_type_outside_the_model_is_rejected() {
    encoder().forward(TokenBatch { ids: &[1, 2], lengths: &[2] }, Some(&[0, 2]), Mode::Eval);
}

#[test]
#[should_panic(expected = "token type 1: the model has 0 types")]
fn a_model_without_token_types_accepts_only_zero() {
    let without = EncoderConfig { n_token_types: 0, ..config() }.init(1, &Device::flex());
    let tokens = TokenBatch { ids: &[1, 2], lengths: &[2] };
    without.forward(tokens, Some(&[0, 0]), Mode::Eval);
    without.forward(tokens, Some(&[0, 1]), Mode::Eval);
}

#[test]
#[should_panic(expected = "1 token types for 2 tokens")]
fn the_number_of_token_types_must_match() {
    encoder().forward(TokenBatch { ids: &[1, 2], lengths: &[2] }, Some(&[0]), Mode::Eval);
}

#[test]
fn pooling_uses_only_the_real_tokens() {
    let states = random([2, 3, 4], 1, &Device::flex());
    let row = |x: &Tensor<3>, len| x.clone().narrow(0, 1, 1).narrow(1, 0, len);
    let lengths = [3, 2];
    let pooled = |pooling: Pooling| pooling.apply(states.clone(), &lengths).narrow(0, 1, 1);
    let flat = |x: Tensor<3>| x.reshape([1, 4]);
    assert_close(&pooled(Pooling::First), &flat(row(&states, 1)), 0.0, 0.0);
    assert_close(&pooled(Pooling::Mean), &flat(row(&states, 2).mean_dim(1)), 1e-6, 1e-6);
    assert_close(&pooled(Pooling::Max), &flat(row(&states, 2).max_dim(1)), 0.0, 0.0);
    let root = flat(row(&states, 2).sum_dim(1)) / 2.0_f32.sqrt();
    assert_close(&pooled(Pooling::MeanSqrtLen), &root, 1e-6, 1e-6);
    let [first, second] = [0, 1].map(|at| flat(row(&states, 2).narrow(1, at, 1)));
    assert_close(
        &pooled(Pooling::WeightedMean),
        &((first + second.clone() * 2.0) / 3.0),
        1e-6,
        1e-6,
    );
    assert_close(&pooled(Pooling::Last), &second, 0.0, 0.0);
}

#[test]
fn skipped_tokens_only_count_as_positions() {
    let states = random([1, 4, 3], 1, &Device::flex());
    let rest = states.clone().narrow(1, 2, 2);
    let flat = |x: Tensor<3>| x.reshape([1, 3]);
    for pooling in POOLINGS.into_iter().filter(|pooling| *pooling != Pooling::WeightedMean) {
        let pooled = pooling.apply_after(2, states.clone(), &[4]);
        assert_close(&pooled, &pooling.apply(rest.clone(), &[2]), 1e-6, 1e-6);
    }
    let [third, fourth] = [0, 1].map(|at| flat(rest.clone().narrow(1, at, 1)));
    let pooled = Pooling::WeightedMean.apply_after(2, states, &[4]);
    assert_close(&pooled, &((third * 3.0 + fourth * 4.0) / 7.0), 1e-6, 1e-6);
}

#[test]
fn an_empty_row_is_pooled_to_zeros() {
    let states = random([1, 3, 4], 1, &Device::flex());
    for pooling in POOLINGS.into_iter().filter(|pooling| *pooling != Pooling::First) {
        for (skipped, length) in [(0, 0), (2, 2), (3, 1)] {
            let pooled = pooling.apply_after(skipped, states.clone(), &[length]);
            assert_close(&pooled, &pooled.zeros_like(), 0.0, 0.0);
        }
    }
}

#[test]
fn a_gradient_reaches_every_parameter_of_every_head() {
    let device = Device::flex().autodiff();
    let encoder = || config().init(1, &device);
    let (ids, types) = ([1, 2, 3, 4, 5, 0], [0, 0, 1, 0, 1, 1]);
    let tokens = TokenBatch { ids: &ids, lengths: &[3, 2] };
    let mode = Mode::Train(RandomKey::new(1));
    let classifier = SequenceClassifier::new(encoder(), ClassifierHead::new(3));
    let smoothing = LabelSmoothing::None;
    let loss = classifier.loss(tokens, Some(&types), &[2, 0], smoothing, mode);
    a_gradient_reaches_every_parameter(&classifier, &loss).unwrap();
    let tagger = TokenClassifier::new(encoder(), 4, 0.1);
    let logits = tagger.logits(tokens, Some(&types), mode);
    assert_eq!(logits.dims(), [2, 3, 4]);
    let weights = random([2, 3, 4], 2, &device);
    a_gradient_reaches_every_parameter(&tagger, &(logits * weights).sum()).unwrap();
}

#[test]
fn the_masked_lm_loss_is_that_of_the_masked_tokens() {
    let model = jittered(MaskedLm::new(encoder()), 0.2, 3);
    let ids = [1, 2, 3, 4, 5, 0];
    let tokens = TokenBatch { ids: &ids, lengths: &[3, 2] };
    let targets = [IGNORED, 7, IGNORED, 9, IGNORED, IGNORED];
    let loss = model.loss(tokens, &targets, Mode::Eval).into_scalar::<f64>();
    let logits: Vec<f64> =
        model.logits(tokens, None, Mode::Eval).into_data().iter::<f32>().map(f64::from).collect();
    let expected: f64 = [(1, 7), (3, 9)]
        .into_iter()
        .map(|(at, target)| {
            let row = &logits[at * 13..(at + 1) * 13];
            row.iter().map(|logit| logit.exp()).sum::<f64>().ln() - row[target]
        })
        .sum();
    assert!((loss - expected).abs() < 1e-4 * expected, "{loss} {expected}");
}
