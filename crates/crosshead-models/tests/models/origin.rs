//! The files and keys that a fine-tuned model keeps from its pretrained model directory.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_models::{
    Encoder, EncoderDecoder, GenerationDefaults, ModelError, ModelFiles, Origin, SequenceClassifier,
};
use serde_json::{Map, Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A copy of a fixture's directory, with these keys in its `config.json`.
fn directory(name: &str, keys: Value) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    fs::copy(fixture(name).join("model.safetensors"), file("model.safetensors")).unwrap();
    let mut config = read(&fixture(name).join("config.json"));
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    fs::write(file("config.json"), config.to_string()).unwrap();
    dir
}

/// `config.json` of a classifier with two new labels on the encoder of a directory.
fn classifier_on(dir: &Path) -> Value {
    let labels = vec!["no".to_owned(), "yes".to_owned()];
    let device = Device::flex();
    let (model, _) =
        SequenceClassifier::with_new_classes(&ModelFiles::open(dir).unwrap(), labels, &device)
            .unwrap();
    let out = tempfile::tempdir().unwrap();
    let saved = out.path().join("saved");
    let origin = Origin::open(dir).unwrap();
    let keep = |saved: &Path| Ok::<(), Box<dyn Error>>(origin.keep_in(saved, &Map::new())?);
    model.save_pretrained(&saved, keep).unwrap();
    let again = Encoder::from_pretrained(&saved, &device).unwrap();
    assert_eq!(again.config(), model.encoder.config(), "the keys do not change the model");
    read(&saved.join("config.json"))
}

#[test]
fn a_model_keeps_its_family() {
    let families = [
        ("xlm-roberta", "XLMRobertaForSequenceClassification"),
        ("camembert", "CamembertForSequenceClassification"),
        ("roberta", "RobertaForSequenceClassification"),
    ];
    for (family, class) in families {
        let dir = directory("roberta-tiny", json!({ "model_type": family }));
        let config = classifier_on(dir.path());
        assert_eq!(config["model_type"], family);
        assert_eq!(config["architectures"], json!([class]));
    }
}

#[test]
fn keys_that_change_the_model_or_describe_other_weights_are_not_copied() {
    let keys = json!({
        "dtype": "bfloat16", "quantization_config": {"bits": 4}, "num_labels": 5, "mine": {"a": 1},
        "id2label": {"0": "a", "1": "b", "2": "c"}, "problem_type": "regression",
    });
    let config = classifier_on(directory("bert-tiny", keys).path());
    for key in ["dtype", "quantization_config", "num_labels"] {
        assert!(config.get(key).is_none(), "{key}: {config}");
    }
    assert_eq!(config["mine"], json!({ "a": 1 }));
    assert_eq!(config["id2label"], json!({ "0": "no", "1": "yes" }));
    assert_eq!(config["problem_type"], "single_label_classification");
}

#[test]
fn decoding_options_are_kept_and_overridden_by_key() {
    let dir = fixture("t5-tiny");
    let device = Device::flex();
    let model = EncoderDecoder::from_pretrained(&dir, &device).unwrap();
    let out = tempfile::tempdir().unwrap();
    let saved = out.path().join("saved");
    let changes: Map<String, Value> = Map::from_iter([("num_beams".to_owned(), json!(3))]);
    let origin = Origin::open(&dir).unwrap();
    let keep = |saved: &Path| Ok::<(), Box<dyn Error>>(origin.keep_in(saved, &changes)?);
    model.save_pretrained(&saved, GenerationDefaults::default(), keep).unwrap();
    let mut expected = read(&dir.join("generation_config.json"));
    expected["num_beams"] = json!(3);
    assert_eq!(read(&saved.join("generation_config.json")), expected);
}

#[test]
fn a_directory_without_a_model_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let error = Origin::open(dir.path()).unwrap_err();
    assert!(matches!(&error, ModelError::Io { .. }), "{error}");
    assert!(error.to_string().contains("config.json"), "{error}");
    fs::write(dir.path().join("config.json"), "{").unwrap();
    assert!(matches!(Origin::open(dir.path()).unwrap_err(), ModelError::Json { .. }));
}
