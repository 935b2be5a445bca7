//! Every family of pretrained models compared with `transformers`: the models written by `fixtures/export_families.py` load and
//! give the same outputs and the same decoded tokens.

use std::fs;

use burn::tensor::Tensor;
use crosshead::generate::{
    BeamSearch, DecodingConfig, EarlyStopping, Hooks, StepModel, Strategy, decode,
};
use crosshead::kernels::{LabelSmoothing, Mode};
use crosshead::models::{
    CausalLm, CausalSteps, DecoderSteps, Encoder, EncoderDecoder, GenerationDefaults, Head,
    IGNORED, MaskedLm, ModelConfig, ModelDirectory, SequenceClassifier, TokenBatch,
    TokenClassifier,
};
use crosshead_testkit::{Fixture, assert_close};
use crosshead_tests::{device, fixture};
use serde_json::Value;

pub(crate) const ENCODER_DECODERS: [(&str, &str); 6] = [
    ("opus-mt-tiny", "marian"),
    ("bart-tiny", "bart"),
    ("mbart-tiny", "mbart"),
    ("m2m-100-tiny", "m2m_100"),
    ("t5-tiny", "t5"),
    ("t5-v1.1-tiny", "t5"),
];

pub(crate) const CAUSAL_LMS: [(&str, &str); 6] = [
    ("gpt2-tiny", "gpt2"),
    ("llama-tiny", "llama"),
    ("llama-dynamic-tiny", "llama"),
    ("llama-linear-tiny", "llama"),
    ("mistral-tiny", "mistral"),
    ("qwen2-tiny", "qwen2"),
];

pub(crate) const ENCODERS: [(&str, &str, Head); 16] = [
    ("bert-tiny", "bert", Head::MaskedLm),
    ("bert-encoder-tiny", "bert", Head::Encoder),
    ("bert-classifier-tiny", "bert", Head::SequenceClassifier),
    ("bert-tagger-tiny", "bert", Head::TokenClassifier),
    ("roberta-tiny", "roberta", Head::MaskedLm),
    ("roberta-encoder-tiny", "roberta", Head::Encoder),
    ("roberta-classifier-tiny", "roberta", Head::SequenceClassifier),
    ("roberta-tagger-tiny", "roberta", Head::TokenClassifier),
    ("distilbert-tiny", "distilbert", Head::MaskedLm),
    ("distilbert-encoder-tiny", "distilbert", Head::Encoder),
    ("distilbert-classifier-tiny", "distilbert", Head::SequenceClassifier),
    ("distilbert-tagger-tiny", "distilbert", Head::TokenClassifier),
    ("albert-tiny", "albert", Head::MaskedLm),
    ("albert-encoder-tiny", "albert", Head::Encoder),
    ("albert-classifier-tiny", "albert", Head::SequenceClassifier),
    ("albert-tagger-tiny", "albert", Head::TokenClassifier),
];

/// Padded ids and the real tokens of each row.
pub(crate) struct Rows {
    pub(crate) ids: Vec<u32>,
    pub(crate) lengths: Vec<usize>,
}

impl Rows {
    pub(crate) fn read(file: &Fixture, ids: &str, lengths: &str) -> Self {
        Self {
            ids: file.ints(ids).into_iter().map(|id| id as u32).collect(),
            lengths: file.ints(lengths).into_iter().map(|length| length as usize).collect(),
        }
    }

    pub(crate) fn tokens(&self) -> TokenBatch<'_> {
        TokenBatch { ids: &self.ids, lengths: &self.lengths }
    }

    fn len(&self) -> usize {
        self.ids.len() / self.lengths.len()
    }

    /// The padding of each row.
    fn padding(&self) -> Vec<usize> {
        self.lengths.iter().map(|length| self.len() - length).collect()
    }

    /// The ids of real tokens for which `counts` holds, and the ignored id elsewhere.
    fn targets(&self, counts: impl Fn(usize) -> bool) -> Vec<u32> {
        let len = self.len();
        let rows = self.ids.chunks(len).zip(&self.lengths);
        let of_row = |(ids, &length): (&[u32], &usize)| -> Vec<u32> {
            let target = |(at, &id)| if at < length && counts(at) { id } else { IGNORED };
            ids.iter().enumerate().map(target).collect()
        };
        rows.flat_map(of_row).collect()
    }
}

pub(crate) fn open(name: &str) -> Fixture {
    Fixture::open(fixture(name).join("fixture.safetensors"))
}

/// The values at real tokens, concatenated; `at_end` if rows are padded on the left.
pub(crate) fn real(x: Tensor<3>, lengths: &[usize], at_end: bool) -> Tensor<2> {
    let [_, len, features] = x.dims();
    let rows = lengths.iter().enumerate().map(|(row, &length)| {
        let start = if at_end { len - length } else { 0 };
        x.clone().narrow(0, row, 1).narrow(1, start, length).reshape([length, features])
    });
    Tensor::cat(rows.collect(), 0)
}

#[track_caller]
fn assert_loss(name: &str, sum: Tensor<1>, n_targets: usize, file: &Fixture) {
    let (loss, expected) = (sum.into_scalar::<f64>() / n_targets as f64, file.floats("loss")[0]);
    let difference = (loss - f64::from(expected)).abs();
    assert!(difference < 1e-4, "{name}: loss {loss} instead of {expected}");
}

#[test]
fn encoder_decoders_give_the_logits_and_the_loss_of_transformers() {
    for (name, _) in ENCODER_DECODERS {
        let file = open(name);
        let model = EncoderDecoder::from_pretrained(&fixture(name), &device()).unwrap();
        let source = Rows::read(&file, "source", "source_lengths");
        let input = Rows::read(&file, "decoder_input", "target_lengths");
        let memory = model.encode(source.tokens(), Mode::Eval);
        let logits = model.logits(model.decode(input.tokens(), &memory, Mode::Eval));
        let expected = real(file.tensor("logits", &device()), &input.lengths, false);
        assert_close(&real(logits, &input.lengths, false), &expected, 1e-4, 1e-4);

        // A model that masks padding in the softmax has, by definition, a different loss.
        if model.config().n_classes() == model.config().vocab_size {
            let target = Rows::read(&file, "target", "target_lengths");
            let none = LabelSmoothing::None;
            let sum = model.loss(source.tokens(), input.tokens(), &target.ids, none, Mode::Eval);
            assert_loss(name, sum, target.lengths.iter().sum(), &file);
        }
    }
}

#[test]
fn causal_models_give_the_logits_and_the_loss_of_transformers() {
    for (name, _) in CAUSAL_LMS {
        let file = open(name);
        let model = CausalLm::from_pretrained(&fixture(name), &device()).unwrap();
        let rows = Rows::read(&file, "tokens", "lengths");
        let logits = model.logits(model.forward(rows.tokens(), Mode::Eval));
        let expected = real(file.tensor("logits", &device()), &rows.lengths, false);
        assert_close(&real(logits, &rows.lengths, false), &expected, 1e-4, 1e-4);

        let mut targets = rows.targets(|at| at > 0);
        targets.remove(0);
        targets.push(IGNORED);
        let n_targets = targets.iter().filter(|&&target| target != IGNORED).count();
        let sum = model.loss(rows.tokens(), &targets, LabelSmoothing::None, Mode::Eval);
        assert_loss(name, sum, n_targets, &file);
    }
}

#[test]
fn padding_on_the_left_changes_nothing_in_causal_models() {
    for (name, _) in CAUSAL_LMS {
        let file = open(name);
        let model = CausalLm::from_pretrained(&fixture(name), &device()).unwrap();
        let rows = Rows::read(&file, "left_tokens", "lengths");
        let padding = rows.padding();
        let mut cache = model.start(&padding, rows.len());
        let logits = model.logits(model.forward_cached(&rows.ids, &padding, &mut cache));
        let expected = real(file.tensor("left_logits", &device()), &rows.lengths, true);
        assert_close(&real(logits, &rows.lengths, true), &expected, 1e-4, 1e-4);
    }
}

/// Rotary embeddings with linear and dynamic scaling.
#[test]
fn texts_longer_than_in_training_give_the_logits_of_transformers() {
    for (name, _) in CAUSAL_LMS.into_iter().filter(|(_, family)| *family != "gpt2") {
        let file = open(name);
        let model = CausalLm::from_pretrained(&fixture(name), &device()).unwrap();
        let ids: Vec<u32> = file.ints("long_tokens").into_iter().map(|id| id as u32).collect();
        assert!(ids.len() > model.config().stack.max_len, "{name}: the text is too short");
        let tokens = TokenBatch { ids: &ids, lengths: &[ids.len()] };
        let logits = model.logits(model.forward(tokens, Mode::Eval));
        assert_close(&logits, &file.tensor("long_logits", &device()), 1e-4, 1e-4);
    }
}

#[test]
fn encoders_and_their_heads_give_the_outputs_of_transformers() {
    for (name, _, head) in ENCODERS {
        let (file, dir) = (open(name), fixture(name));
        let rows = Rows::read(&file, "tokens", "lengths");
        let types = Rows::read(&file, "types", "lengths").ids;
        let (ModelConfig::Encoder(config)
        | ModelConfig::MaskedLm(config)
        | ModelConfig::SequenceClassifier(config, _)
        | ModelConfig::TokenClassifier(config, _)) = ModelDirectory::open(&dir).unwrap().config
        else {
            panic!("{name} is an encoder");
        };
        // A family without token types does not take any.
        let has_types = config.n_token_types > 0;
        let (tokens, types) = (rows.tokens(), has_types.then_some(types.as_slice()));
        let check = |found: Tensor<3>| {
            let expected = real(file.tensor("logits", &device()), &rows.lengths, false);
            assert_close(&real(found, &rows.lengths, false), &expected, 1e-4, 1e-4);
        };
        match head {
            Head::MaskedLm => {
                let model = MaskedLm::from_pretrained(&dir, &device()).unwrap();
                check(model.logits(tokens, types, Mode::Eval));
            }
            Head::SequenceClassifier => {
                let model = SequenceClassifier::from_pretrained(&dir, &device()).unwrap();
                assert_eq!(model.labels(), ["negative", "neutral", "positive"]);
                assert_eq!(model.head().dropout, 0.4);
                let expected: Tensor<2> = file.tensor("logits", &device());
                assert_close(&model.logits(tokens, types, Mode::Eval), &expected, 1e-4, 1e-4);
                let classes: Vec<u32> = rows.ids.chunks(rows.len()).map(|ids| ids[0] % 3).collect();
                let none = LabelSmoothing::None;
                let sum = model.loss(tokens, types, &classes, none, Mode::Eval);
                assert_loss(name, sum, classes.len(), &file);
            }
            Head::TokenClassifier => {
                let model = TokenClassifier::from_pretrained(&dir, &device()).unwrap();
                assert_eq!(model.labels(), ["negative", "neutral", "positive"]);
                check(model.logits(tokens, types, Mode::Eval));
            }
            _ => {
                let model = Encoder::from_pretrained(&dir, &device()).unwrap();
                check(model.forward(tokens, types, Mode::Eval));
            }
        }
    }
}

#[test]
fn an_encoder_loads_from_a_model_with_any_head() {
    for (name, ..) in ENCODERS {
        Encoder::from_pretrained(&fixture(name), &device()).unwrap();
    }
}

/// A sentence of `generate.json`: the input and the decoded tokens.
struct Search {
    source: Vec<u32>,
    greedy: Value,
    beams: Vec<Value>,
}

fn searches(name: &str) -> Vec<Search> {
    let text = fs::read_to_string(fixture(name).join("generate.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let sentences = file["sentences"].as_array().unwrap();
    assert!(sentences.len() >= 8, "{name}: too few sentences to compare");
    let search = |sentence: &Value| Search {
        source: ids(&sentence["source"]),
        greedy: sentence["greedy"].clone(),
        beams: sentence["beam_4"].as_array().unwrap().clone(),
    };
    sentences.iter().map(search).collect()
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

/// Compares greedy decoding and beam search with transformers.
fn compare<M: StepModel>(
    name: &str,
    searches: &[Search],
    config: DecodingConfig,
    early_stopping: EarlyStopping,
    steps: impl Fn() -> M,
) {
    let greedy = config.clone().with_strategy(Strategy::Greedy);
    let beams = BeamSearch::new(4).with_n_best(4).with_early_stopping(early_stopping);
    let found = |config| decode(&mut steps(), searches.len(), config, Hooks::none()).unwrap();
    for (found, search) in found(&greedy).concat().iter().zip(searches) {
        assert_eq!(found.tokens, ids(&search.greedy["tokens"]), "{name}: greedy");
        assert_eq!(found.finished(), search.greedy["finished"].as_bool().unwrap(), "{name}");
    }
    for (found, search) in found(&config.with_strategy(beams)).iter().zip(searches) {
        assert_eq!(found.len(), 4, "{name}");
        for (found, expected) in found.iter().zip(&search.beams) {
            assert_eq!(found.tokens, ids(&expected["tokens"]), "{name}: beams");
            let score = expected["score"].as_f64().unwrap();
            let difference = (f64::from(found.score) - score).abs();
            assert!(difference < 1e-4, "{name}: {} instead of {score}", found.score);
        }
    }
}

#[test]
fn encoder_decoders_decode_the_tokens_of_transformers() {
    for (name, _) in ENCODER_DECODERS {
        let model = EncoderDecoder::from_pretrained(&fixture(name), &device()).unwrap();
        let defaults = GenerationDefaults::from_dir(&fixture(name)).unwrap();
        let searches = searches(name);
        let lengths: Vec<usize> = searches.iter().map(|search| search.source.len()).collect();
        let longest = lengths.iter().copied().max().unwrap();
        let padded = |search: &Search| {
            let mut ids = search.source.clone();
            ids.resize(longest, model.config().pad_id);
            ids
        };
        let ids: Vec<u32> = searches.iter().flat_map(padded).collect();
        let steps = || {
            let source = TokenBatch { ids: &ids, lengths: &lengths };
            DecoderSteps::new(&model, model.encode(source, Mode::Eval), 64)
        };
        let config = defaults.for_encoder_decoder(model.config());
        compare(name, &searches, config, defaults.early_stopping, steps);
    }
}

#[test]
fn causal_models_decode_the_tokens_of_transformers() {
    for (name, _) in CAUSAL_LMS {
        let model = CausalLm::from_pretrained(&fixture(name), &device()).unwrap();
        let defaults = GenerationDefaults::from_dir(&fixture(name)).unwrap();
        let searches = searches(name);
        let prompts: Vec<Vec<u32>> = searches.iter().map(|search| search.source.clone()).collect();
        let steps = || CausalSteps::new(&model, &prompts, 16);
        let config = defaults.for_causal_lm(model.config(), &prompts);
        compare(name, &searches, config, defaults.early_stopping, steps);
    }
}
