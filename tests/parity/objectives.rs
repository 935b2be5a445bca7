//! Training objectives compared with PyTorch and sentence-transformers (`fixtures/export_objectives.py`).

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead::kernels::{LabelSmoothing, Mode};
use crosshead::models::{EncoderDecoder, ModelDirectory, SentenceEncoder, Teacher, TokenBatch};
use crosshead::tokenize::Tokenizer;
use crosshead::weights::parameters;
use crosshead_testkit::{Fixture, assert_close};
use crosshead_tests::{device, fixture};
use serde_json::{Value, json};

/// A tensor whose gradients are all smaller than this has a zero gradient up to rounding.
const NO_GRADIENT: f32 = 1e-2;

struct Rows {
    ids: Vec<u32>,
    lengths: Vec<usize>,
}

impl Rows {
    fn read(file: &Fixture, ids: &str, lengths: &str) -> Self {
        Self {
            ids: file.ints(ids).into_iter().map(|id| id as u32).collect(),
            lengths: file.ints(lengths).into_iter().map(|length| length as usize).collect(),
        }
    }

    fn tokens(&self) -> TokenBatch<'_> {
        TokenBatch { ids: &self.ids, lengths: &self.lengths }
    }
}

fn open() -> Fixture {
    Fixture::open(fixture("objectives.safetensors"))
}

/// Compares a mean loss and its gradients with those of a part of the fixture. `name_of` is the name in transformers of the
/// parameter at a path.
fn compare<M: Module>(
    part: &str,
    model: &M,
    loss: Tensor<1>,
    name_of: impl Fn(&str) -> Option<String>,
) {
    let file = open();
    let value = loss.clone().into_scalar::<f64>();
    let expected = f64::from(file.floats(&format!("{part}/loss"))[0]);
    assert!(
        (value - expected).abs() < 1e-5 * expected.abs().max(1.0),
        "{part}: {value} instead of {expected}"
    );
    let gradients = parameters::take_gradients(model, &mut loss.backward());
    let mut compared = 0;
    for (path, gradient) in &gradients {
        let Some(name) = name_of(path).map(|name| format!("{part}/grad/{name}")) else { continue };
        if !file.contains(&name) {
            continue;
        }
        let values = file.floats(&name);
        let n = values.len();
        let expected: Tensor<1> = Tensor::from_data(TensorData::new(values, [n]), &device());
        let scale = expected.clone().abs().max().into_scalar::<f32>().max(NO_GRADIENT);
        assert_close(gradient, &expected, 1e-4, 2e-4 * scale);
        compared += 1;
    }
    assert!(
        compared >= gradients.len().saturating_sub(1),
        "{part}: {compared} of {}",
        gradients.len()
    );
}

#[test]
fn the_ranking_loss_equals_that_of_sentence_transformers() {
    let dir = fixture("sentences-tiny");
    let names = ModelDirectory::open(&dir).unwrap();
    for part in ["pairs", "triplets"] {
        let file = open();
        let rows = |kind: &str, lengths: &str| {
            Rows::read(&file, &format!("{part}/{kind}"), &format!("{part}/{lengths}"))
        };
        let anchors = rows("anchors", "anchor_lengths");
        let candidates = rows("candidates", "candidate_lengths");
        let model = SentenceEncoder::from_pretrained(&dir, &device().autodiff()).unwrap();
        let sum = model.ranking_loss(anchors.tokens(), candidates.tokens(), 20.0, Mode::Eval);
        // The exporter's model has no head, so that its names have no prefix.
        let name_of = |path: &str| {
            let name = names.tensor_name(path.strip_prefix("encoder.")?)?;
            Some(name.trim_start_matches("bert.").to_owned())
        };
        compare(part, &model, sum / anchors.lengths.len() as f64, name_of);
    }
}

#[test]
fn the_distillation_loss_equals_that_of_pytorch() {
    let file = Fixture::open(fixture("marian-tiny").join("fixture.safetensors"));
    let source = Rows::read(&file, "source", "source_lengths");
    let input = Rows::read(&file, "decoder_input", "target_lengths");
    let target = Rows::read(&file, "target", "target_lengths");
    let load = |name: &str, device: Device| {
        EncoderDecoder::from_pretrained(&fixture(name), &device).unwrap()
    };
    let student = load("marian-tiny", device().autodiff());
    let teacher = load("pegasus-tiny", device());
    let teacher = Teacher { model: &teacher, temperature: 2.0, weight: 0.7 };
    let smoothing = LabelSmoothing::AllClasses(0.1);
    let (source, input) = (source.tokens(), input.tokens());
    let sum = student.distillation_loss(teacher, source, input, &target.ids, smoothing, Mode::Eval);
    let names = ModelDirectory::open(&fixture("marian-tiny")).unwrap();
    let n_targets: usize = target.lengths.iter().sum();
    compare("distillation", &student, sum / n_targets as f64, |path| names.tensor_name(path));
}

#[test]
fn a_student_that_is_its_teacher_has_no_divergence() {
    let file = Fixture::open(fixture("marian-tiny").join("fixture.safetensors"));
    let source = Rows::read(&file, "source", "source_lengths");
    let input = Rows::read(&file, "decoder_input", "target_lengths");
    let target = Rows::read(&file, "target", "target_lengths");
    let load =
        |device: Device| EncoderDecoder::from_pretrained(&fixture("marian-tiny"), &device).unwrap();
    let (student, teacher) = (load(device().autodiff()), load(device()));
    for (weight, temperature) in [(1.0, 1.0), (0.5, 3.0)] {
        let teacher = Teacher { model: &teacher, temperature, weight };
        let none = LabelSmoothing::None;
        let (source, input) = (source.tokens(), input.tokens());
        let found =
            student.distillation_loss(teacher, source, input, &target.ids, none, Mode::Eval);
        let hard = student.loss(source, input, &target.ids, none, Mode::Eval);
        let expected = hard.into_scalar::<f64>() * f64::from(1.0 - weight);
        assert!((found.into_scalar::<f64>() - expected).abs() < 1e-3);
    }
}

/// A file of `fixtures/export_token_pipelines.py`: cases by the directory of their model.
fn cases(file: &str) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(fixture("token-pipelines").join(file)).unwrap();
    let cases: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    cases.into_iter().collect()
}

#[test]
fn the_ids_and_types_of_pairs_are_those_of_transformers() {
    for (model, cases) in cases("pairs.json") {
        let tokenizer = Tokenizer::from_dir(&fixture(&model)).unwrap();
        let limit = tokenizer.model_max_length().unwrap();
        for case in cases.as_array().unwrap() {
            let [first, second] = ["first", "second"].map(|key| case[key].as_str().unwrap());
            let found = tokenizer.encode_pair_truncated(first, second, limit).unwrap();
            assert_eq!(json!(found.ids), case["ids"], "{model}: {first} | {second}");
            if !case["types"].is_null() {
                assert_eq!(json!(found.types), case["types"], "{model}: {first} | {second}");
            }
        }
    }
}

#[test]
fn the_ids_of_words_are_those_of_transformers() {
    for (model, cases) in cases("tags.json") {
        let tokenizer = Tokenizer::from_dir(&fixture(&model)).unwrap();
        for case in cases["words"].as_array().unwrap() {
            let words: Vec<String> = serde_json::from_value(case["words"].clone()).unwrap();
            let found = tokenizer.encode_words_truncated(&words, 9).unwrap();
            assert_eq!(json!(found.ids), case["ids"], "{model}: {words:?}");
            assert_eq!(json!(found.words), case["of"], "{model}: {words:?}");
        }
    }
}
