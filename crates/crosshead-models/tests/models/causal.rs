//! The causal language model.

use burn::tensor::{Device, Int, Tensor};
use crosshead_blocks::{DecoderCache, NormKind, NormOrder};
use crosshead_generate::{BeamSearch, DecodingConfig, Hooks, Rollback, StepModel, decode};
use crosshead_kernels::{Activation, LabelSmoothing, Mode, RandomKey};
use crosshead_models::{
    CausalLm, CausalLmConfig, CausalSteps, IGNORED, PositionKind, StackConfig, TokenBatch,
};
use crosshead_position::{RotaryConfig, SinusoidLayout};
use crosshead_testkit::{
    a_gradient_reaches_every_parameter, assert_close, future_tokens_do_not_change_past_outputs,
    jittered, ragged_steps_equal_the_full_pass,
};
use proptest::prelude::*;

use crate::tiny::{TOLERANCE, host_ids};

const VOCAB_SIZE: usize = 11;

fn configs() -> impl Strategy<Value = CausalLmConfig> {
    let positions = prop::sample::select(vec![
        PositionKind::None,
        PositionKind::Learned { offset: 2 },
        PositionKind::Sinusoidal { layout: SinusoidLayout::Interleaved, offset: 0 },
        PositionKind::Rotary(RotaryConfig::new(4)),
        PositionKind::Alibi,
        PositionKind::Relative { n_buckets: 8, max_distance: 12 },
    ]);
    let orders = vec![NormOrder::Pre, NormOrder::Post, NormOrder::Sandwich, NormOrder::Parallel];
    let flags = any::<[bool; 5]>();
    (positions, prop::sample::select(orders), flags, prop::option::of(2..5_usize)).prop_map(
        |(positions, norm_order, [rms, gated, grouped, tied_output, qk_norm], window)| {
            CausalLmConfig {
                vocab_size: VOCAB_SIZE,
                stack: StackConfig {
                    d_model: 16,
                    d_ff: 20,
                    n_heads: 4,
                    n_kv_heads: Some(if grouped { 2 } else { 4 }),
                    qk_norm,
                    window,
                    positions,
                    max_len: 24,
                    norm: if rms { NormKind::Rms } else { NormKind::Layer },
                    norm_order,
                    activation: Activation::Gelu,
                    gated,
                    dropout: 0.0,
                    ..StackConfig::default()
                },
                n_layers: 2,
                tied_output,
                bos_id: None,
                eos_id: Some(0),
                pad_id: None,
            }
        },
    )
}

fn model(config: &CausalLmConfig) -> CausalLm {
    jittered(config.init(1, &Device::flex()), 0.2, 2)
}

/// The logits after every token of a text.
fn logits(model: &CausalLm, ids: &[u32]) -> Tensor<3> {
    let tokens = TokenBatch { ids, lengths: &[ids.len()] };
    model.logits(model.forward(tokens, Mode::Eval))
}

/// Texts of different lengths; the first is the longest.
fn texts() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let text = |len: std::ops::Range<usize>| prop::collection::vec(0..VOCAB_SIZE as u32, len);
    (text(5..8), text(2..5), text(1..2)).prop_map(|(a, b, c)| vec![a, b, c])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn future_tokens_do_not_change_past_logits(config in configs(), ids in prop::collection::vec(0..VOCAB_SIZE as u32, 4..9)) {
        let model = model(&config);
        // Tokens become features of a tensor, so that the check can change them.
        let len = ids.len();
        let ids: Vec<i64> = ids.into_iter().map(i64::from).collect();
        let ids = Tensor::<1, Int>::from_data(&*ids, &Device::flex()).reshape([1, len]);
        let f = |ids: Tensor<2, Int>| logits(&model, &host_ids(&ids));
        future_tokens_do_not_change_past_outputs(f, ids, TOLERANCE).unwrap();
    }

    #[test]
    fn padding_on_the_left_or_right_or_none_gives_the_same_logits(config in configs(), texts in texts()) {
        let model = model(&config);
        let longest = texts[0].len();
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        let padding: Vec<usize> = lengths.iter().map(|length| longest - length).collect();
        let padded = |left: bool| -> Vec<u32> {
            texts.iter().flat_map(|text| {
                let filler = vec![3; longest - text.len()];
                if left { [filler, text.clone()].concat() } else { [text.clone(), filler].concat() }
            }).collect()
        };
        let right = model.forward(TokenBatch { ids: &padded(false), lengths: &lengths }, Mode::Eval);
        let right = model.logits(right);
        let mut cache = model.start(&padding, longest);
        let left = model.logits(model.forward_cached(&padded(true), &padding, &mut cache));
        for (row, text) in texts.iter().enumerate() {
            let expected = logits(&model, text);
            let real = |x: &Tensor<3>, from| x.clone().narrow(0, row, 1).narrow(1, from, text.len());
            assert_close(&real(&right, 0), &expected, TOLERANCE, TOLERANCE);
            assert_close(&real(&left, padding[row]), &expected, TOLERANCE, TOLERANCE);
        }
    }

    #[test]
    fn steps_equal_the_full_pass_for_ragged_and_reordered_prompts(
        config in configs(), texts in texts(), next in prop::collection::vec(0..VOCAB_SIZE as u32, 3),
    ) {
        let model = model(&config);
        let mut steps = CausalSteps::new(&model, &texts, 4);
        let check = |found: &[f32], text: &[u32]| {
            let expected = logits(&model, text).narrow(1, text.len() - 1, 1);
            let found = Tensor::<1>::from_data(found, &Device::flex()).reshape([1, 1, VOCAB_SIZE]);
            assert_close(&found, &expected, TOLERANCE, TOLERANCE);
        };
        let after_prompts = steps.step(&[9, 9, 9]);
        for (text, logits) in texts.iter().zip(after_prompts.chunks(VOCAB_SIZE)) {
            check(logits, text);
        }
        let order = [2, 0, 0];
        steps.reorder(&order);
        let mut texts: Vec<Vec<u32>> = order.iter().map(|&row| texts[row].clone()).collect();
        for token in next {
            texts.iter_mut().for_each(|text| text.push(token));
            let found = steps.step(&[token; 3]);
            for (text, logits) in texts.iter().zip(found.chunks(VOCAB_SIZE)) {
                check(logits, text);
            }
        }
    }

    #[test]
    fn step_many_gives_the_logits_of_single_steps(
        config in configs(), texts in texts(), tokens in prop::collection::vec(0..VOCAB_SIZE as u32, 12),
    ) {
        let model = model(&config);
        let [mut many, mut single] = [(); 2].map(|()| CausalSteps::new(&model, &texts, 4));
        // Two calls with two tokens for each of three rows. The first token of each row is the ignored start token.
        for tokens in tokens.chunks(6) {
            let found = many.step_many(tokens, 2);
            let steps = [0, 1].map(|at| single.step(&[tokens[at], tokens[2 + at], tokens[4 + at]]));
            let rows = |logits: &[f32], len| Tensor::<1>::from_data(logits, &Device::flex()).reshape([3, len, VOCAB_SIZE]);
            let expected = Tensor::cat(steps.iter().map(|step| rows(step, 1)).collect(), 1);
            assert_close(&rows(&found, 2), &expected, TOLERANCE, TOLERANCE);
        }
    }

    #[test]
    fn a_step_after_rollback_equals_one_without_the_discarded_tokens(
        config in configs(), texts in texts(), drafts in prop::collection::vec(0..VOCAB_SIZE as u32, 9),
    ) {
        let model = model(&config);
        let [mut rolled_back, mut plain] = [(); 2].map(|()| CausalSteps::new(&model, &texts, 6));
        rolled_back.step(&[0; 3]);
        plain.step(&[0; 3]);
        rolled_back.step_many(&drafts, 3);
        rolled_back.rollback(2);
        plain.step(&[drafts[0], drafts[3], drafts[6]]);
        let [found, expected] = [rolled_back.step(&[1; 3]), plain.step(&[1; 3])]
            .map(|logits| Tensor::<3>::from_data(burn::tensor::TensorData::new(logits, [3, 1, VOCAB_SIZE]), &Device::flex()));
        // The kept position was computed in a larger forward pass.
        assert_close(&found, &expected, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn one_beam_is_greedy_search(config in configs(), texts in texts()) {
        let model = model(&config);
        let found = |strategy| -> Vec<Vec<u32>> {
            let config = DecodingConfig::new(0, 0).with_max_len(6).with_min_len(2).with_strategy(strategy);
            let mut steps = CausalSteps::new(&model, &texts, 6);
            let found = decode(&mut steps, 3, &config, Hooks::none()).unwrap();
            found.iter().map(|best| best[0].tokens.clone()).collect()
        };
        let (found, beam) = (found(crosshead_generate::Strategy::Greedy), found(BeamSearch::new(1).into()));
        prop_assert!(found.iter().any(|tokens| !tokens.is_empty()));
        prop_assert_eq!(beam, found);
    }

    #[test]
    fn rows_with_different_starts_continue_as_they_would_alone(config in configs(), seed in 0..9_u32) {
        let model = model(&config);
        let ids: Vec<i64> =
            RandomKey::new(seed.into()).take(24).map(|word| i64::from(word % 11)).collect();
        let ids = Tensor::<1, Int>::from_data(&*ids, &Device::flex()).reshape([3, 8]);
        let start = |padding: &[usize]| (model.start(padding, 16), padding.to_vec());
        let step = |(cache, padding): &mut (DecoderCache, Vec<usize>), ids: Tensor<2, Int>| {
            model.logits(model.forward_cached(&host_ids(&ids), padding, cache))
        };
        let full = |ids: Tensor<2, Int>| logits(&model, &host_ids(&ids));
        ragged_steps_equal_the_full_pass(full, start, step, ids, &[2, 5, 1], TOLERANCE).unwrap();
    }

    #[test]
    fn the_loss_is_the_cross_entropy_of_the_logits(config in configs(), texts in texts()) {
        let model = model(&config);
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        let longest = lengths[0];
        let padded = |filler: u32| -> Vec<u32> {
            texts.iter().flat_map(|text| {
                let mut row = text.clone();
                row.resize(longest, filler);
                row
            }).collect()
        };
        // Any target will do; here, each token predicts itself.
        let tokens = TokenBatch { ids: &padded(0), lengths: &lengths };
        let loss = model.loss(tokens, &padded(IGNORED), LabelSmoothing::None, Mode::Eval);
        let expected: f64 = texts.iter().map(|text| {
            let data = logits(&model, text).into_data();
            let values: Vec<f64> = data.iter::<f32>().map(f64::from).collect();
            text.iter().zip(values.chunks(VOCAB_SIZE)).map(|(&target, row)| {
                row.iter().map(|logit| logit.exp()).sum::<f64>().ln() - row[target as usize]
            }).sum::<f64>()
        }).sum();
        let loss = loss.into_scalar::<f64>();
        prop_assert!((loss - expected).abs() < 1e-4 * expected.abs().max(1.0), "{} {}", loss, expected);
    }

    #[test]
    fn a_gradient_reaches_every_parameter_of_a_causal_model(config in configs()) {
        let model = config.init(1, &Device::flex().autodiff());
        let ids = [1, 2, 3, 4, 5, 6, 7, 8];
        let targets = [2, 3, 4, IGNORED, 6, 7, 8, 9];
        let tokens = TokenBatch { ids: &ids, lengths: &[4, 4] };
        let mode = Mode::Train(RandomKey::new(1));
        let loss = model.loss(tokens, &targets, LabelSmoothing::None, mode);
        a_gradient_reaches_every_parameter(&model, &loss).unwrap();
    }
}

#[test]
#[should_panic(expected = "prompt 1 is empty")]
fn an_empty_prompt_is_rejected() {
    let config = CausalLmConfig {
        vocab_size: VOCAB_SIZE,
        stack: StackConfig { d_model: 8, d_ff: 8, n_heads: 2, ..StackConfig::default() },
        n_layers: 1,
        tied_output: true,
        bos_id: None,
        eos_id: None,
        pad_id: None,
    };
    CausalSteps::new(&model(&config), &[vec![1], vec![]], 1);
}
