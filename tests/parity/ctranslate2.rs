//! CTranslate2 model directories compared with CTranslate2: the files written by `fixtures/export_ctranslate2.py` load,
//! give tokens the same probabilities, and are decoded to the same tokens.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, activation};
use crosshead::generate::{
    BeamSearch, DecodingConfig, EarlyStopping, Hooks, Hypothesis, Length, Normalization, StepModel,
    Strategy, decode,
};
use crosshead::kernels::Mode;
use crosshead::models::{
    CausalLm, CausalSteps, DecoderSteps, EncoderDecoder, Head, ModelDirectory, TokenBatch,
};
use crosshead_tests::{device, fixture};
use serde_json::Value;

/// The maximum length that the export script requested.
const STEPS: usize = 10;

const SEQ2SEQ: [&str; 14] = [
    "opus-mt",
    "opus-mt-float16",
    "opus-mt-bfloat16",
    "opus-mt-int16",
    "opus-mt-int8",
    "opus-mt-int8_float16",
    "bart",
    "mbart",
    "pegasus",
    "m2m-100",
    "t5",
    "t5-v1.1",
    "argos/model",
    "argos-old",
];

const DECODERS: [&str; 5] = ["gpt2", "llama-linear", "mistral", "qwen2", "qwen2-int8"];

/// The vocabulary of a directory, and the outputs of CTranslate2 for it.
struct Expected {
    dir: PathBuf,
    tokens: Vec<String>,
    cases: Vec<Case>,
}

struct Case {
    source: Vec<u32>,
    greedy: Vec<u32>,
    beams: Vec<u32>,
    beams_score: f64,
    target: Vec<u32>,
    scores: Vec<f64>,
}

impl Expected {
    fn open(name: &str) -> Self {
        let dir = fixture("ctranslate2").join(name);
        let tokens = vocabulary(&dir);
        let of_package = dir.with_file_name("expected.json");
        let own = dir.join("expected.json");
        let path = if own.exists() { own } else { of_package };
        let cases: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let ids = |value: &Value| -> Vec<u32> {
            let names = value.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            let id = |name| tokens.iter().position(|token| token == name).unwrap() as u32;
            names.map(id).collect()
        };
        let numbers = |value: &Value| {
            let numbers = value.as_array().unwrap().iter();
            numbers.map(|number| number.as_f64().unwrap()).collect()
        };
        let case = |case: &Value| Case {
            source: ids(&case["source"]),
            greedy: ids(&case["greedy"]),
            beams: ids(&case["beams"][0]),
            beams_score: case["beams"][1].as_f64().unwrap(),
            target: ids(&case["target"]),
            scores: numbers(&case["scores"]),
        };
        let cases = cases.as_array().unwrap().iter().map(case).collect();
        Self { dir, tokens, cases }
    }
}

fn vocabulary(dir: &Path) -> Vec<String> {
    let text = |name: &str| fs::read_to_string(dir.join(name));
    if let Ok(lines) = text("shared_vocabulary.txt") {
        return lines.lines().map(str::to_owned).collect();
    }
    let json = text("shared_vocabulary.json").or_else(|_| text("vocabulary.json")).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// The log-probabilities of consecutive tokens, computed from the logits at their positions.
fn assert_scores(name: &str, logits: Tensor<3>, tokens: &[u32], expected: &[f64]) {
    let [_, len, vocab_size] = logits.dims();
    assert!(len >= tokens.len(), "{name}");
    let scores = activation::log_softmax(logits, 2).into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(tokens.len(), expected.len(), "{name}");
    for (at, (&token, expected)) in tokens.iter().zip(expected).enumerate() {
        let found = f64::from(scores[at * vocab_size + token as usize]);
        assert!((found - expected).abs() < 1e-4, "{name}: {at}: {found} instead of {expected}");
    }
}

fn best(steps: &mut impl StepModel, config: &DecodingConfig) -> Hypothesis {
    let ranked = decode(steps, 1, config, Hooks::none()).unwrap();
    ranked.into_iter().flatten().next().unwrap()
}

/// The tokens found by greedy decoding, and those of the best of four beams with its score.
fn assert_decoded(
    name: &str,
    case: &Case,
    config: &DecodingConfig,
    run: impl Fn(&DecodingConfig) -> Hypothesis,
) {
    let greedy = run(&DecodingConfig { strategy: Strategy::Greedy, ..config.clone() });
    assert_eq!(greedy.tokens, case.greedy, "{name}: greedy");
    let strategy = BeamSearch::new(4).with_early_stopping(EarlyStopping::Full).into();
    let beams = run(&DecodingConfig { strategy, ..config.clone() });
    assert_eq!(beams.tokens, case.beams, "{name}: beams");
    let score = f64::from(beams.score);
    assert!((score - case.beams_score).abs() < 1e-4, "{name}: {score}, not {}", case.beams_score);
}

#[test]
fn encoder_decoders_give_the_scores_and_texts_of_ctranslate2() {
    for name in SEQ2SEQ {
        let expected = Expected::open(name);
        let model = EncoderDecoder::from_pretrained(&expected.dir, &device()).unwrap();
        let config = model.config();
        assert!(config.vocab_size - expected.tokens.len() <= 1, "{name}");
        for case in &expected.cases {
            let source = TokenBatch { ids: &case.source, lengths: &[case.source.len()] };
            let memory = model.encode(source, Mode::Eval);
            let target = [&case.target[..], &[config.eos_id]].concat();
            let input = [&[config.start_id], &case.target[..]].concat();
            let input = TokenBatch { ids: &input, lengths: &[input.len()] };
            let logits = model.logits(model.decode(input, &memory, Mode::Eval));
            assert_scores(name, logits, &target, &case.scores);

            let decoding = DecodingConfig::new(config.start_id, config.eos_id);
            let normalization = Normalization::Remaining;
            let (max_len, min_len) = (STEPS.into(), 1.into());
            let decoding = DecodingConfig { max_len, min_len, normalization, ..decoding };
            assert_decoded(name, case, &decoding, |decoding| {
                let memory = model.encode(source, Mode::Eval);
                best(&mut DecoderSteps::new(&model, memory, config.stack.max_len), decoding)
            });
        }
    }
}

#[test]
fn causal_models_give_the_scores_and_texts_of_ctranslate2() {
    for name in DECODERS {
        let expected = Expected::open(name);
        let model = CausalLm::from_pretrained(&expected.dir, &device()).unwrap();
        let eos = model.config().eos_id.unwrap();
        for case in &expected.cases {
            if !case.target.is_empty() {
                let ids = [&case.source[..], &case.target].concat();
                let tokens = TokenBatch { ids: &ids, lengths: &[ids.len()] };
                let logits = model.logits(model.forward(tokens, Mode::Eval));
                let from = case.source.len() - 1;
                let logits = logits.narrow(1, from, case.target.len());
                assert_scores(name, logits, &case.target, &case.scores);
            }
            let decoding = DecodingConfig::new(0, 0).with_eos_ids(vec![eos]);
            let max_len = Length::PerRow(vec![STEPS]);
            let prompts = vec![case.source.clone()];
            let decoding = DecodingConfig { max_len, prompts: prompts.clone(), ..decoding };
            assert_decoded(name, case, &decoding, |decoding| {
                best(&mut CausalSteps::new(&model, &prompts, 32), decoding)
            });
        }
    }
}

#[test]
fn a_directory_reports_its_contents_and_every_variable_is_used() {
    for (names, head) in [(&SEQ2SEQ[..], Head::Seq2SeqLm), (&DECODERS[..], Head::CausalLm)] {
        for name in names {
            let dir = fixture("ctranslate2").join(name);
            let found = ModelDirectory::open(&dir).unwrap();
            assert_eq!((found.family, found.head), ("ctranslate2", head), "{name}");
            let weights = found.weights(&dir, &device()).unwrap();
            assert!(weights.is_sound() && weights.ignored.is_empty(), "{name}: {weights:?}");
        }
    }
}
