//! Post-norm compared with `MarianMTModel`, pre-norm with `PegasusForConditionalGeneration`.
//!
//! The references are computed in f64 by `fixtures/export_marian.py`.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};
use crosshead::generate::{BeamSearch, DecodingConfig, Hooks, Hypothesis, Length, decode};
use crosshead::kernels::{LabelSmoothing, Mode};
use crosshead::models::{DecoderSteps, EncoderDecoder, ModelDirectory, TokenBatch};
use crosshead::train::AdamConfig;
use crosshead::weights::parameters;
use crosshead_testkit::{Fixture, assert_close};
use crosshead_tests::{device, fixture};
use serde_json::Value;

/// If all gradients of a tensor are smaller than this, they are zero up to rounding.
const NO_GRADIENT: f32 = 1e-2;

const FAMILIES: [&str; 2] = ["marian-tiny", "pegasus-tiny"];

/// The ragged padded batch of a fixture.
struct Batch {
    source: Vec<u32>,
    source_lengths: Vec<usize>,
    decoder_input: Vec<u32>,
    target: Vec<u32>,
    target_lengths: Vec<usize>,
}

impl Batch {
    fn read(file: &Fixture) -> Self {
        let ids = |name| file.ints(name).into_iter().map(|id| id as u32).collect();
        let lengths = |name| file.ints(name).into_iter().map(|length| length as usize).collect();
        Self {
            source: ids("source"),
            source_lengths: lengths("source_lengths"),
            decoder_input: ids("decoder_input"),
            target: ids("target"),
            target_lengths: lengths("target_lengths"),
        }
    }

    fn source(&self) -> TokenBatch<'_> {
        TokenBatch { ids: &self.source, lengths: &self.source_lengths }
    }

    fn decoder_input(&self) -> TokenBatch<'_> {
        TokenBatch { ids: &self.decoder_input, lengths: &self.target_lengths }
    }

    fn n_targets(&self) -> f64 {
        self.target_lengths.iter().sum::<usize>() as f64
    }

    /// The mean loss as defined by `torch.nn.functional.cross_entropy`, with label smoothing 0.1.
    fn loss(&self, model: &EncoderDecoder) -> Tensor<1> {
        let smoothing = LabelSmoothing::AllClasses(0.1);
        let sum =
            model.loss(self.source(), self.decoder_input(), &self.target, smoothing, Mode::Eval);
        sum / self.n_targets()
    }
}

fn open(family: &str) -> (Fixture, Batch) {
    let file = Fixture::open(fixture(family).join("fixture.safetensors"));
    let batch = Batch::read(&file);
    (file, batch)
}

/// The model as it was exported, without dropout and tracked by autodiff.
fn load(family: &str) -> EncoderDecoder {
    EncoderDecoder::from_pretrained(&fixture(family), &device().autodiff()).unwrap()
}

/// The real positions of `[batch, len, features]`, concatenated.
fn real_rows(x: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
    let features = x.dims()[2];
    let rows = lengths.iter().enumerate().map(|(row, &length)| {
        x.clone().narrow(0, row, 1).narrow(1, 0, length).reshape([length, features])
    });
    Tensor::cat(rows.collect(), 0)
}

#[test]
fn memory_and_logits_equal_those_of_transformers() {
    for family in FAMILIES {
        let (file, batch) = open(family);
        let model = EncoderDecoder::from_pretrained(&fixture(family), &device()).unwrap();
        let memory = model.encode(batch.source(), Mode::Eval);
        assert_close(
            &real_rows(memory.states.clone(), &batch.source_lengths),
            &real_rows(file.tensor("memory", &device()), &batch.source_lengths),
            1e-4,
            1e-4,
        );
        let states = model.decode(batch.decoder_input(), &memory, Mode::Eval);
        let expected: Tensor<3> = file.tensor("logits", &device());
        let n_classes = expected.dims()[2];
        let logits = model.logits(states).narrow(2, 0, n_classes);
        assert_close(
            &real_rows(logits, &batch.target_lengths),
            &real_rows(expected, &batch.target_lengths),
            1e-4,
            1e-4,
        );
    }
}

#[test]
fn the_loss_equals_that_of_pytorch() {
    for family in FAMILIES {
        let (file, batch) = open(family);
        let expected = f64::from(file.floats("loss")[0]);
        let loss = batch.loss(&load(family)).into_scalar::<f64>();
        assert!((loss - expected).abs() < 1e-5, "{family}: {loss} instead of {expected}");
    }
}

#[test]
fn every_gradient_equals_that_of_pytorch() {
    for family in FAMILIES {
        let (file, batch) = open(family);
        let model = load(family);
        let gradients = gradients(&model, &batch);
        let trained =
            parameters::shapes(&model).into_iter().filter(|(path, _)| path != "logits_bias");
        for (path, _) in trained {
            let expected: Tensor<1> = flat(&file, &format!("grad/{}", name_of(family, &path)));
            let gradient = gradients.get(&path).unwrap_or_else(|| panic!("{path} has no gradient"));
            // Relative to the tensor's largest gradient, because single elements may cancel. The gradient of a key bias is zero:
            // it shifts all scores of a query equally, which does not change the softmax.
            let scale = expected.clone().abs().max().into_scalar::<f32>().max(NO_GRADIENT);
            assert_close(gradient, &expected, 1e-4, 1e-4 * scale);
        }
    }
}

#[test]
fn one_adam_step_equals_that_of_pytorch() {
    for family in FAMILIES {
        let (file, batch) = open(family);
        let model = load(family);
        let gradients = gradients(&model, &batch);
        let (model, norm) = AdamConfig::new().init().step(model, gradients, 1e-3);
        let expected = f64::from(file.floats("grad_norm")[0]);
        assert!(
            (norm / expected - 1.0).abs() < 1e-5,
            "{family}: norm {norm} instead of {expected}"
        );
        for (path, data) in
            parameters::read(&model).into_iter().filter(|(path, _)| path != "logits_bias")
        {
            let name = name_of(family, &path);
            if !file.contains(&format!("adam/{name}")) {
                continue; // omitted by the exporter: a key bias has no gradient
            }
            let values = |kind: &str| flat(&file, &format!("{kind}/{name}")).into_data();
            let (adam, gradient) = (values("adam"), values("grad"));
            let steps = data.iter::<f32>().zip(adam.iter::<f32>()).zip(gradient.iter::<f32>());
            // The first step is ±1e-3 for any gradient, so for a zero gradient its sign is determined by rounding.
            for ((value, expected), _) in
                steps.filter(|(_, gradient)| gradient.abs() > NO_GRADIENT * 1e-3)
            {
                assert!(
                    (value - expected).abs() < 2e-5,
                    "{family} {path}: {value} instead of {expected}"
                );
            }
        }
    }
}

#[test]
fn greedy_and_beam_search_give_the_tokens_of_transformers() {
    for family in FAMILIES {
        let model = EncoderDecoder::from_pretrained(&fixture(family), &device()).unwrap();
        let text = std::fs::read_to_string(fixture(family).join("generate.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let sentences = expected["sentences"].as_array().unwrap();
        assert!(sentences.len() >= 8, "{family}: too few sentences to compare");
        let sources: Vec<Vec<u32>> =
            sentences.iter().map(|sentence| ids(&sentence["source"])).collect();
        let max_length = expected["options"]["max_length"].as_u64().unwrap() as usize;

        let found = |config: &DecodingConfig| {
            decode(&mut steps(&model, &sources), sources.len(), config, Hooks::none()).unwrap()
        };
        let config = search(&model, max_length);
        for (hypotheses, sentence) in found(&config).iter().zip(sentences) {
            assert_hypothesis(family, &hypotheses[0], &sentence["greedy"]);
        }

        let found = found(&config.with_strategy(BeamSearch::new(4).with_n_best(4)));
        for (hypotheses, sentence) in found.iter().zip(sentences) {
            let expected = sentence["beam_4"].as_array().unwrap();
            for (hypothesis, expected) in hypotheses.iter().zip(expected) {
                assert_hypothesis(family, hypothesis, expected);
            }
        }
    }
}

/// The name of the parameter at `path` in transformers.
fn name_of(family: &str, path: &str) -> String {
    ModelDirectory::open(&fixture(family)).unwrap().tensor_name(path).unwrap()
}

fn gradients(model: &EncoderDecoder, batch: &Batch) -> BTreeMap<String, Tensor<1>> {
    parameters::take_gradients(model, &mut batch.loss(model).backward())
}

fn flat(file: &Fixture, name: &str) -> Tensor<1> {
    let values = file.floats(name);
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), &device())
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

fn search(model: &EncoderDecoder, max_length: usize) -> DecodingConfig {
    let config = model.config();
    DecodingConfig {
        suppressed: vec![config.pad_id],
        // transformers also counts the start token.
        max_len: Length::Same(max_length - 1),
        ..DecodingConfig::new(config.pad_id, config.eos_id)
    }
}

fn steps<'a>(model: &'a EncoderDecoder, sources: &[Vec<u32>]) -> DecoderSteps<'a> {
    let lengths: Vec<usize> = sources.iter().map(Vec::len).collect();
    let longest = lengths.iter().copied().max().unwrap();
    let pad = model.config().pad_id;
    let ids: Vec<u32> = sources
        .iter()
        .flat_map(|ids| ids.iter().copied().chain(std::iter::repeat(pad)).take(longest))
        .collect();
    let memory = model.encode(TokenBatch { ids: &ids, lengths: &lengths }, Mode::Eval);
    DecoderSteps::new(model, memory, 64)
}

#[track_caller]
fn assert_hypothesis(family: &str, found: &Hypothesis, expected: &Value) {
    assert_eq!(found.tokens, ids(&expected["tokens"]), "{family}");
    let score = expected["score"].as_f64().unwrap();
    assert!(
        (f64::from(found.score) - score).abs() < 1e-4,
        "{family}: {} instead of {score}",
        found.score
    );
}
