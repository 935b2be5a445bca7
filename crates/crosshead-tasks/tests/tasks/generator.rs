//! Text generation: streaming, stopping, constraints, options.

use burn::tensor::Device;
use crosshead_models::{CausalLm, CausalLmConfig, GenerationDefaults, ModelConfig, presets};
use crosshead_tasks::{
    Constraint, ConstraintState, DecodeOptions, Flow, Generated, Generator, Required, Step,
    StopReason, TaskError, TextHooks,
};

use crate::tiny::{LINES, assert_close, bpe};

const PROMPTS: [&str; 3] = ["the old", "a dog ran to", "she"];

fn model() -> CausalLm {
    let ModelConfig::CausalLm(base) = presets::find("tiny-causal").unwrap().config() else {
        panic!("the preset is a causal language model")
    };
    let config =
        CausalLmConfig { vocab_size: bpe().vocab_size(), bos_id: None, eos_id: None, ..base };
    config.init(1, &Device::flex())
}

fn generator() -> Generator {
    Generator::new(model(), bpe())
}

/// Greedy decoding of up to `max_tokens`.
fn greedy(max_tokens: usize) -> DecodeOptions {
    DecodeOptions {
        max_tokens: Some(max_tokens),
        temperature: Some(0.0),
        ..DecodeOptions::default()
    }
}

fn texts(generated: &[Generated]) -> Vec<&str> {
    generated.iter().map(|generated| generated.text.as_str()).collect()
}

#[test]
fn the_streamed_pieces_concatenate_to_the_text() {
    let beams = DecodeOptions { beams: Some(2), ..greedy(8) };
    let sampling = DecodeOptions { temperature: Some(1.0), ..greedy(8) };
    for options in [greedy(8), sampling, beams] {
        let mut streamed = [const { String::new() }; 3];
        let mut on_text = |index: usize, piece: &str| {
            streamed[index].push_str(piece);
            Flow::Continue
        };
        let hooks = TextHooks::none().with_on_text(&mut on_text);
        let generated = generator().generate_with(&PROMPTS, &options, hooks).unwrap();
        assert_eq!(texts(&generated), streamed, "{options:?}");
        assert_eq!(generated, generator().generate(&PROMPTS, &options).unwrap());
        assert!(generated.iter().all(|generated| !generated.text.is_empty()));
    }
}

#[test]
fn one_text_stops_and_the_others_continue() {
    let full = generator().generate(&PROMPTS, &greedy(8)).unwrap();
    let mut on_text = |index: usize, _: &str| match index {
        1 => Flow::Stop(vec![1]),
        _ => Flow::Continue,
    };
    let hooks = TextHooks::none().with_on_text(&mut on_text);
    let stopped = generator().generate_with(&PROMPTS, &greedy(8), hooks).unwrap();
    assert_eq!(stopped[0], full[0]);
    assert_eq!(stopped[1].stop, StopReason::Cancelled);
    assert!(stopped[1].text.len() < full[1].text.len());
    assert!(full[1].text.starts_with(&stopped[1].text));
    assert_eq!(stopped[2], full[2]);
    assert!(full.iter().all(|generated| generated.stop == StopReason::MaxLength));
}

#[test]
fn an_observer_stops_all_texts() {
    let mut steps = 0;
    let mut observer = |step: &Step<'_>| {
        steps += 1;
        if step.number == 1 { Flow::StopAll } else { Flow::Continue }
    };
    let hooks = TextHooks::none().with_observer(&mut observer);
    let stopped = generator().generate_with(&PROMPTS, &greedy(8), hooks).unwrap();
    assert_eq!(texts(&stopped), texts(&generator().generate(&PROMPTS, &greedy(2)).unwrap()));
    assert!(stopped.iter().all(|generated| generated.stop == StopReason::Cancelled));
    assert_eq!(steps, 2);
}

/// Allows a single token.
#[derive(Clone)]
struct Only(u32);

impl Constraint for Only {
    fn start(&self, _: usize, _: &[u32]) -> Box<dyn ConstraintState> {
        Box::new(self.clone())
    }
}

impl ConstraintState for Only {
    fn apply(&self, scores: &mut [f32]) {
        for (token, score) in (0..).zip(scores) {
            if token != self.0 {
                *score = f32::NEG_INFINITY;
            }
        }
    }
    fn advance(&mut self, _: u32) {}
    fn fork(&self) -> Box<dyn ConstraintState> {
        Box::new(self.clone())
    }
}

#[test]
fn a_constraint_restricts_the_text() {
    let tokenizer = bpe();
    let token = tokenizer.encode(LINES[0]).unwrap()[2];
    let only = Only(token);
    let hooks = TextHooks::none().with_constraint(&only);
    let generated = generator().generate_with(&["the old"], &greedy(3), hooks).unwrap();
    let prompt = tokenizer.encode_with_special("the old").unwrap();
    let all = tokenizer.decode(&[&prompt[..], &[token; 3]].concat()).unwrap();
    assert_eq!(format!("{}{}", tokenizer.decode(&prompt).unwrap(), generated[0].text), all);
}

#[test]
fn calls_with_consecutive_indices_sample_the_texts_of_one_call() {
    let sampling = DecodeOptions { temperature: Some(1.0), seed: Some(3), ..greedy(6) };
    let batched = generator().generate(&PROMPTS, &sampling).unwrap();
    for (index, prompt) in PROMPTS.iter().enumerate() {
        let options = DecodeOptions { first_sequence: Some(index), ..sampling.clone() };
        let alone = generator().generate(&[prompt], &options).unwrap().remove(0);
        let Generated { text, stop, truncated, prompt_tokens, n_best, .. } = &batched[index];
        assert!(*prompt_tokens > 0);
        assert_eq!((&alone.text, &alone.stop, &alone.truncated), (text, stop, truncated));
        assert_close(&[alone.n_best[0].log_prob], &[n_best[0].log_prob]);
        let hooks = TextHooks::none().with_sequences(std::slice::from_ref(&index));
        let numbered = generator().generate_with(&[prompt], &sampling, hooks).unwrap().remove(0);
        assert_eq!(numbered.text, *text);
    }
    let other = DecodeOptions { seed: Some(4), ..sampling };
    assert_ne!(generator().generate(&PROMPTS, &other).unwrap(), batched);
}

#[test]
fn options_override_those_of_the_model() {
    let generation = GenerationDefaults {
        max_new_tokens: Some(2),
        do_sample: Some(false),
        ..GenerationDefaults::default()
    };
    let of_model = generator().with_generation(generation);
    let none = DecodeOptions::default();
    assert_eq!(
        of_model.generate(&PROMPTS, &none).unwrap(),
        generator().generate(&PROMPTS, &greedy(2)).unwrap()
    );
    let longer = DecodeOptions { max_tokens: Some(5), ..none.clone() };
    assert_eq!(
        of_model.generate(&PROMPTS, &longer).unwrap(),
        generator().generate(&PROMPTS, &greedy(5)).unwrap()
    );
    // `beams` alone replaces sampling, which is the default of a model without `do_sample`.
    let one_beam = DecodeOptions { beams: Some(1), max_tokens: Some(5), ..none };
    assert_eq!(
        generator().generate(&PROMPTS, &one_beam).unwrap(),
        generator().generate(&PROMPTS, &greedy(5)).unwrap()
    );
}

#[test]
fn beams_and_sampling_are_an_error() {
    let both = DecodeOptions { beams: Some(2), temperature: Some(0.7), ..greedy(3) };
    let error = generator().generate(&PROMPTS, &both).unwrap_err();
    assert!(matches!(error, TaskError::BeamsWithSampling), "{error}");
}

#[test]
fn several_samples_are_the_texts_of_consecutive_sequences() {
    let sampling = DecodeOptions { temperature: Some(1.0), seed: Some(3), ..greedy(6) };
    let several = DecodeOptions { n_best: Some(3), ..sampling.clone() };
    let found = generator().generate(&PROMPTS, &several).unwrap();
    let repeated: Vec<&str> = PROMPTS.iter().flat_map(|prompt| [*prompt; 3]).collect();
    let expected = generator().generate(&repeated, &sampling).unwrap();
    let found: Vec<&str> = found
        .iter()
        .flat_map(|generated| generated.n_best.iter().map(|candidate| candidate.text.as_str()))
        .collect();
    assert_eq!(found, texts(&expected));
}

#[test]
fn several_texts_of_greedy_decoding_are_an_error() {
    let options = DecodeOptions { n_best: Some(2), ..greedy(3) };
    let error = generator().generate(&PROMPTS, &options).unwrap_err();
    assert!(matches!(error, TaskError::NBestOfGreedy { n_best: 2 }), "{error}");
}

#[test]
fn a_required_word_occurs() {
    let options = DecodeOptions {
        force_words: vec!["ship".into()],
        max_tokens: Some(10),
        ..DecodeOptions::default()
    };
    for generated in generator().generate(&PROMPTS, &options).unwrap() {
        assert!(generated.text.contains("ship"), "{generated:?}");
    }
}

#[test]
fn the_beams_of_the_caller_limit_the_texts_and_groups_of_the_model() {
    let generation = GenerationDefaults {
        num_beams: 4,
        num_return_sequences: 3,
        num_beam_groups: 2,
        diversity_penalty: 0.5,
        max_new_tokens: Some(4),
        ..GenerationDefaults::default()
    };
    let of_model = generator().with_generation(generation);
    let texts =
        |options: DecodeOptions| of_model.generate(&PROMPTS, &options).unwrap()[0].n_best.len();
    assert_eq!(texts(DecodeOptions::default()), 3);
    assert_eq!(texts(DecodeOptions { beams: Some(1), ..DecodeOptions::default() }), 1);
    assert_eq!(texts(DecodeOptions { beams: Some(3), ..DecodeOptions::default() }), 3);
}

#[test]
fn options_of_encoder_decoders_are_errors() {
    let prefix = DecodeOptions { target_prefix: Some("a".into()), ..greedy(3) };
    let error = generator().generate(&PROMPTS, &prefix).unwrap_err();
    assert!(matches!(error, TaskError::NoTargetPrefix), "{error}");
    let required = [vec![Required::new(["ship"])]];
    let hooks = TextHooks::none().with_required(&required);
    let error = generator().generate_with(&PROMPTS[..1], &greedy(3), hooks).unwrap_err();
    assert!(matches!(error, TaskError::NoRequired), "{error}");
}

/// A model like that of `model`, with other weights and a shorter context.
fn draft() -> Generator {
    let mut config = model().config().clone();
    config.stack.max_len = 24;
    Generator::new(config.init(2, &Device::flex()), bpe())
}

#[test]
fn drafts_do_not_change_texts() {
    let mut config = model().config().clone();
    config.stack.max_len = 40;
    let model = config.init(1, &Device::flex());
    let generator = || Generator::new(model.clone(), bpe());
    // Longer than the context, which moves on.
    let options = greedy(60);
    let expected = generator().generate(&PROMPTS, &options).unwrap();
    let lookup = DecodeOptions { prompt_lookup: Some(6), ..options.clone() };
    let copied = generator().generate(&PROMPTS, &lookup).unwrap();
    let alike = generator().with_draft(generator(), 4).unwrap().generate(&PROMPTS, &options);
    let other = generator().with_draft(draft(), 4).unwrap().generate(&PROMPTS, &options).unwrap();
    let alike = alike.unwrap();
    for found in [&copied, &alike, &other] {
        assert_eq!(texts(found), texts(&expected));
        for found in found {
            let counts = found.drafts.unwrap();
            assert_eq!(counts.passes + counts.accepted, 60, "{counts:?}");
        }
    }
    let accepted = |found: &[Generated]| found[0].drafts.unwrap().accepted;
    assert!(accepted(&alike) > 40, "{}", accepted(&alike));
    assert!(accepted(&copied) > 0, "a greedy text of a random model repeats itself");
}

#[test]
fn drafts_that_cannot_be_used_are_errors() {
    let lookup = DecodeOptions { prompt_lookup: Some(6), ..greedy(3) };
    let message = |generator: Generator, options: &DecodeOptions| {
        generator.generate(&PROMPTS, options).unwrap_err().to_string()
    };
    let drafted = || generator().with_draft(draft(), 4).unwrap();
    let both = message(drafted(), &lookup);
    assert!(both.contains("cannot be combined with a draft model"), "{both}");
    let sampling = DecodeOptions { temperature: Some(1.0), ..lookup.clone() };
    assert!(message(generator(), &sampling).contains("sampling; set `temperature` to 0"));
    let beams = DecodeOptions { beams: Some(2), ..greedy(3) };
    let error = message(drafted(), &beams);
    assert!(error.contains("--draft") && error.contains("beam search"), "{error}");
    let error = generator().with_draft(draft(), 0).unwrap_err();
    assert!(matches!(error, TaskError::NoDrafts), "{error}");
    let other = crosshead_tokenize::BpeConfig::new(50);
    let other = crosshead_tokenize::Tokenizer::train_bpe(LINES.into_iter(), &other).unwrap();
    let error = generator().with_draft(Generator::new(model(), other), 4).unwrap_err();
    assert!(matches!(error, TaskError::DraftVocabulary { .. }), "{error}");
}

#[test]
fn continuations_have_the_probabilities_with_which_they_are_generated() {
    let written = generator().generate(&PROMPTS, &greedy(6)).unwrap();
    let pairs: Vec<(&str, &str)> = PROMPTS
        .iter()
        .zip(&written)
        .map(|(prompt, found)| (*prompt, found.text.as_str()))
        .collect();
    let ranked = generator().rank(&pairs, &DecodeOptions::default()).unwrap();
    let ids = |candidate: &crosshead_tasks::Candidate| -> Vec<u32> {
        candidate.tokens.iter().map(|token| token.id).collect()
    };
    let mut compared = 0;
    for (ranked, written) in ranked.iter().zip(&written) {
        let (found, expected) = (&ranked.target, &written.n_best[0]);
        // The tokenizer may write the same text with other tokens.
        if ids(found) == ids(expected) {
            assert_close(&[found.log_prob, found.score], &[expected.log_prob, expected.score]);
            compared += 1;
        }
        assert!(!ranked.truncated);
    }
    let alone = generator().rank(&pairs[..1], &DecodeOptions::default()).unwrap();
    assert_close(&[alone[0].target.log_prob], &[ranked[0].target.log_prob]);
    assert!(compared > 0, "{written:?}");
    let error = generator().rank(&[("she", "")], &DecodeOptions::default()).unwrap_err();
    assert!(matches!(error, TaskError::NoTokens { .. }), "{error}");
    let long = "the old cat ".repeat(600);
    let cut = generator().rank(&[(&long, "sat"), ("she", &long)], &DecodeOptions::default());
    let cut = cut.unwrap();
    assert!(cut.iter().all(|ranked| ranked.truncated && ranked.target.log_prob < 0.0), "{cut:?}");
}
