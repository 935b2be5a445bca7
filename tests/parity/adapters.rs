//! LoRA adapters compared with PEFT: the adapters written by `fixtures/export_adapters.py` give the same outputs and gradients.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use crosshead::Error;
use crosshead::kernels::{LabelSmoothing, LoraConfig, Mode, RandomKey};
use crosshead::models::{
    CausalLm, Encoder, EncoderDecoder, GenerationDefaults, Head, LoraTargets, MaskedLm,
    ModelConfig, ModelDirectory, ModelFiles, SequenceClassifier, TokenClassifier, adapt,
    merge_directory, set_adapter_base,
};
use crosshead::weights::{TensorSource, parameters};
use crosshead_testkit::{Fixture, assert_close, check_close};
use crosshead_tests::{device, fixture};

use crate::families::{Rows, open, real};

/// The adapters, with their base models.
const ADAPTERS: [(&str, &str); 14] = [
    ("opus-mt", "opus-mt-tiny"),
    ("bart", "bart-tiny"),
    ("mbart", "mbart-tiny"),
    ("m2m-100", "m2m-100-tiny"),
    ("t5", "t5-v1.1-tiny"),
    ("gpt2", "gpt2-tiny"),
    ("llama", "llama-tiny"),
    ("qwen2", "qwen2-tiny"),
    ("bert-classifier", "bert-classifier-tiny"),
    ("roberta-classifier", "roberta-classifier-tiny"),
    ("distilbert-classifier", "distilbert-classifier-tiny"),
    ("bert-tagger", "bert-tagger-tiny"),
    ("albert", "albert-tiny"),
    ("bert-encoder", "bert-encoder-tiny"),
];

/// The largest difference of outputs.
const TOLERANCE: f32 = 1e-5;

fn adapter(name: &str) -> std::path::PathBuf {
    fixture("adapters").join(name)
}

fn files(name: &str, base: &str) -> ModelFiles {
    ModelFiles::open(&fixture(base)).unwrap().with_adapter(&adapter(name)).unwrap()
}

/// The outputs of the model of these files for the inputs of a base model's fixture, at real tokens.
fn outputs(files: &ModelFiles, base: &str) -> Tensor<2> {
    let (file, device) = (open(base), device());
    let head = files.directory().unwrap().head;
    if head == Head::Seq2SeqLm {
        let model = EncoderDecoder::from_files(files, &device).unwrap();
        return seq2seq(&model, &file);
    }
    let rows = Rows::read(&file, "tokens", "lengths");
    let types = file.contains("types").then(|| Rows::read(&file, "types", "lengths").ids);
    let has_types = match files.directory().unwrap().config {
        ModelConfig::Encoder(config)
        | ModelConfig::MaskedLm(config)
        | ModelConfig::SequenceClassifier(config, _)
        | ModelConfig::TokenClassifier(config, _) => config.n_token_types > 0,
        ModelConfig::EncoderDecoder(_) | ModelConfig::CausalLm(_) => false,
    };
    let (tokens, types) = (rows.tokens(), types.as_deref().filter(|_| has_types));
    let states = match head {
        Head::CausalLm => {
            let model = CausalLm::from_files(files, &device).unwrap();
            model.logits(model.forward(tokens, Mode::Eval))
        }
        Head::MaskedLm => {
            MaskedLm::from_files(files, &device).unwrap().logits(tokens, types, Mode::Eval)
        }
        Head::TokenClassifier => {
            TokenClassifier::from_files(files, &device).unwrap().logits(tokens, types, Mode::Eval)
        }
        Head::SequenceClassifier => {
            let model = SequenceClassifier::from_files(files, &device).unwrap();
            return model.logits(tokens, types, Mode::Eval);
        }
        Head::Encoder | Head::Seq2SeqLm => {
            Encoder::from_files(files, &device).unwrap().forward(tokens, types, Mode::Eval)
        }
    };
    real(states, &rows.lengths, false)
}

fn seq2seq(model: &EncoderDecoder, file: &Fixture) -> Tensor<2> {
    let source = Rows::read(file, "source", "source_lengths");
    let input = Rows::read(file, "decoder_input", "target_lengths");
    let memory = model.encode(source.tokens(), Mode::Eval);
    let logits = model.logits(model.decode(input.tokens(), &memory, Mode::Eval));
    real(logits, &input.lengths, false)
}

fn expected(name: &str, base: &str) -> Tensor<2> {
    let file = Fixture::open(adapter(name).join("expected.safetensors"));
    if name.ends_with("classifier") {
        return file.tensor("logits", &device());
    }
    let inputs = open(base);
    let lengths = if inputs.contains("source") { "target_lengths" } else { "lengths" };
    let lengths: Vec<usize> =
        inputs.ints(lengths).into_iter().map(|length| length as usize).collect();
    real(file.tensor("logits", &device()), &lengths, false)
}

#[track_caller]
fn assert_expected(name: &str, base: &str, found: &Tensor<2>) {
    if let Err(error) = check_close(found, &expected(name, base), TOLERANCE, TOLERANCE) {
        panic!("{name}: {error}");
    }
}

#[test]
fn adapters_of_peft_give_its_outputs() {
    for (name, base) in ADAPTERS {
        let found = outputs(&files(name, base), base);
        assert_expected(name, base, &found);
    }
}

#[test]
fn a_merged_model_needs_neither_adapter_nor_base() {
    let dir = tempfile::tempdir().unwrap();
    for (name, base) in ADAPTERS {
        let out = dir.path().join(name);
        merge_directory(&files(name, base), &out, &device(), |_| Ok(())).unwrap();
        let merged = ModelFiles::open(&out).unwrap();
        assert_eq!((merged.dir(), merged.adapter()), (out.as_path(), None));
        assert_expected(name, base, &outputs(&merged, base));
    }
}

/// The model of `opus-mt` on a training device, with the updates of PEFT's adapter that are not merged.
fn training_model() -> EncoderDecoder {
    let device = device().autodiff();
    let dir = fixture("opus-mt-tiny");
    let directory = ModelDirectory::open(&dir).unwrap();
    let names = ["q_proj", "v_proj", "fc1"].map(str::to_owned);
    let config = LoraConfig::new(3).with_alpha(7.0);
    let model = EncoderDecoder::from_pretrained(&dir, &device).unwrap();
    let targets = LoraTargets::Names(names.into());
    let model = adapt(model, &directory, config, &targets, RandomKey::new(1)).unwrap();
    let tensors = TensorSource::open_adapter(&adapter("opus-mt")).unwrap();
    let model =
        parameters::replace(model, |path, _| tensors.read(&name_in_peft(&directory, path)?).ok());
    parameters::freeze(model, |path| !crosshead::models::paths::is_lora(path))
}

/// The name in PEFT of A or B of a layer.
fn name_in_peft(directory: &ModelDirectory, path: &str) -> Option<String> {
    let (layer, matrix) = path.split_once(".lora.")?;
    let weight = directory.tensor_name(&format!("{layer}.weight"))?;
    let module = weight.strip_suffix(".weight")?;
    Some(format!("base_model.model.{module}.lora_{}.weight", matrix.to_uppercase()))
}

#[test]
fn training_gives_the_loss_and_the_gradients_of_peft() {
    let (inputs, file) =
        (open("opus-mt-tiny"), Fixture::open(adapter("opus-mt").join("expected.safetensors")));
    let directory = ModelDirectory::open(&fixture("opus-mt-tiny")).unwrap();
    let model = training_model();
    let [source, input, target] = ["source", "decoder_input", "target"].map(|ids| {
        let lengths = if ids == "source" { "source_lengths" } else { "target_lengths" };
        Rows::read(&inputs, ids, lengths)
    });
    let loss = |model: &EncoderDecoder| {
        model.loss(source.tokens(), input.tokens(), &target.ids, LabelSmoothing::None, Mode::Eval)
    };
    let sum = loss(&model);
    let mut gradients = sum.backward();
    let found = parameters::take_gradients(&model, &mut gradients);
    let names: BTreeMap<String, &String> =
        found.keys().map(|path| (name_in_peft(&directory, path).unwrap(), path)).collect();
    let mut expected: Vec<&str> =
        file.names("grad.").into_iter().filter_map(|name| name.strip_prefix("grad.")).collect();
    expected.sort_unstable();
    assert_eq!(names.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    for (name, path) in names {
        let gradient: Tensor<2> = file.tensor(&format!("grad.{name}"), &device());
        let flat = gradient.reshape([found[path].dims()[0]]);
        assert_close(&found[path].clone(), &flat, 1e-4, 1e-4);
    }
}

#[test]
fn a_saved_adapter_gives_the_same_outputs() {
    let base = fixture("opus-mt-tiny");
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("adapter");
    let model = training_model();
    let extra = |dir: &Path| Ok::<_, Error>(set_adapter_base(dir, &base)?);
    model.save_pretrained(&out, GenerationDefaults::default(), extra).unwrap();
    assert!(!out.join("model.safetensors").exists());
    let files = ModelFiles::open(&out).unwrap();
    assert_expected("opus-mt", "opus-mt-tiny", &outputs(&files, "opus-mt-tiny"));
    let config: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("adapter_config.json")).unwrap())
            .unwrap();
    assert_eq!(config["target_modules"], serde_json::json!(["fc1", "q_proj", "v_proj"]));
    assert_eq!((&config["r"], &config["lora_alpha"]), (&3.into(), &7.into()));
}

#[test]
fn projections_that_share_a_module_are_saved_together() {
    let base = fixture("gpt2-tiny");
    let directory = ModelDirectory::open(&base).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("adapter");
    let model = CausalLm::from_pretrained(&base, &device()).unwrap();
    let config = LoraConfig::new(2).with_alpha(4.0);
    let model =
        adapt(model, &directory, config, &LoraTargets::all_linear(), RandomKey::new(3)).unwrap();
    let model = parameters::replace(model, |path, shape| {
        let values = RandomKey::new(4).stream(path).normal(shape.iter().product());
        path.ends_with(".lora.b").then(|| TensorData::new(values, shape.to_vec()))
    });
    let rows = Rows::read(&open("gpt2-tiny"), "tokens", "lengths");
    let logits = model.logits(model.forward(rows.tokens(), Mode::Eval));
    let extra = |dir: &Path| Ok::<_, Error>(set_adapter_base(dir, &base)?);
    model.save_pretrained(&out, GenerationDefaults::default(), extra).unwrap();
    let found = outputs(&ModelFiles::open(&out).unwrap(), "gpt2-tiny");
    assert_close(&found, &real(logits, &rows.lengths, false), TOLERANCE, TOLERANCE);
}

/// A copy of an adapter with other keys in `adapter_config.json`, in a new folder of `dir`: weights are memory-mapped, and a GPU
/// may still read those of an earlier copy.
fn changed(dir: &Path, name: &str, keys: &[(&str, serde_json::Value)]) -> std::path::PathBuf {
    let out = tempfile::tempdir_in(dir).unwrap().keep();
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        fs::copy(adapter(name).join(file), out.join(file)).unwrap();
    }
    let path = out.join("adapter_config.json");
    let mut config: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    keys.iter().for_each(|(key, value)| config[*key] = value.clone());
    fs::write(&path, config.to_string()).unwrap();
    out
}

#[test]
fn what_an_adapter_needs_is_followed_or_refused_by_name() {
    use serde_json::json;
    let dir = tempfile::tempdir().unwrap();
    for (keys, parts) in [
        (&[("use_dora", json!(true))][..], &["use_dora", "not supported"][..]),
        (&[("bias", json!("all"))], &["bias", "all"]),
        (&[("peft_type", json!("IA3"))], &["peft_type", "IA3"]),
        (&[("init_lora_weights", json!("pissa"))], &["init_lora_weights", "pissa"]),
        (&[("lora_bias", json!(true))], &["lora_bias"]),
        (&[("r", json!(5))], &["lora_A.weight", "[3, 16]", "[5, 16]"]),
        (&[("rank_pattern", json!({"(": 3}))], &["rank_pattern"]),
        (
            &[("target_modules", json!(["q_proj", "v_proj", "fc1", "fc2"]))],
            &["fc2", "target_modules"],
        ),
        (
            &[("base_model_name_or_path", json!("someone/other-model"))],
            &["someone/other-model", "opus-mt-tiny"],
        ),
    ] {
        let adapter = changed(dir.path(), "opus-mt", keys);
        let files = ModelFiles::open(&fixture("opus-mt-tiny")).unwrap().with_adapter(&adapter);
        let model = files.and_then(|files| EncoderDecoder::from_files(&files, &device()));
        let message = model.unwrap_err().to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[test]
fn an_adapter_of_another_model_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let adapter =
        changed(dir.path(), "opus-mt", &[("base_model_name_or_path", serde_json::Value::Null)]);
    let files = ModelFiles::open(&fixture("gpt2-tiny")).unwrap().with_adapter(&adapter).unwrap();
    let message = CausalLm::from_files(&files, &device()).unwrap_err().to_string();
    assert!(message.contains("another model") && message.contains("lora_A"), "{message}");
    let alone = ModelFiles::open(&adapter).unwrap_err().to_string();
    assert!(alone.contains("--model") && alone.contains("--adapter"), "{alone}");
}
