//! Invalid model directories cause an error that names the location, never a panic.

use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{EncoderDecoder, GenerationDefaults, ModelDirectory, ModelError};
use crosshead_weights::WeightsError;
use proptest::prelude::*;
use safetensors::tensor::Dtype;
use serde_json::json;

use crate::breakable::{CONFIG, Dir, VALID, WEIGHTS};

const NORM: &str = "model.encoder.layers.1.final_layer_norm.weight";

#[test]
fn the_uncorrupted_directory_loads() {
    Dir::new().load().unwrap();
}

#[test]
fn a_missing_file_is_reported() {
    let error = Dir::new().without(CONFIG).fails(CONFIG, &["No such file"]);
    assert!(matches!(error, ModelError::Io { .. }));
    let error = Dir::new().without(WEIGHTS).load().unwrap_err();
    assert!(matches!(error, ModelError::Weights(WeightsError::NoWeights { .. })), "{error}");
    let error = EncoderDecoder::from_pretrained(Path::new("no/such/dir"), &Device::flex());
    assert!(error.unwrap_err().to_string().starts_with("no/such/dir/config.json: "));
}

#[test]
fn a_directory_instead_of_a_file_is_reported() {
    let error = Dir::new().with_folder(CONFIG).fails(CONFIG, &["directory"]);
    assert!(matches!(error, ModelError::Io { .. }));
    let error = Dir::new().with_folder(WEIGHTS).fails(WEIGHTS, &["directory"]);
    assert!(matches!(error, ModelError::Weights(WeightsError::Io { .. })));
}

#[test]
fn weights_in_a_different_format_are_reported() {
    for bytes in [&b"version"[..], &[0xff; 64], b"<p>"] {
        let error = Dir::new().with(WEIGHTS, bytes).fails(WEIGHTS, &["safetensors", "again"]);
        assert!(matches!(error, ModelError::Weights(WeightsError::Safetensors { .. })));
    }
}

#[test]
fn a_missing_tensor_is_reported() {
    let dir = Dir::new().with_tensors(|tensors| {
        tensors.remove(NORM).unwrap();
    });
    let error = dir.fails(WEIGHTS, &[NORM, "missing"]);
    assert!(matches!(error, ModelError::MissingTensor { tensor, .. } if tensor == NORM));
}

#[test]
fn an_extra_tensor_is_reported() {
    let dir = Dir::new().with_tensors(|tensors| {
        tensors.insert("model.adapter.weight".to_owned(), (Dtype::F32, vec![1], vec![0; 4]));
    });
    let error = dir.fails(WEIGHTS, &["model.adapter.weight", "not part of the model"]);
    assert!(matches!(error, ModelError::UnexpectedTensor { .. }));
}

#[test]
fn a_wrong_shape_is_reported_with_both_shapes() {
    let dir = Dir::new().with_tensors(|tensors| {
        tensors.insert(NORM.to_owned(), (Dtype::F32, vec![2, 4], vec![0; 32]));
    });
    dir.fails(WEIGHTS, &[NORM, "[2, 4]", "[8]", "config.json"]);
}

#[test]
fn a_wrong_dtype_is_reported() {
    let dir = Dir::new().with_tensors(|tensors| {
        tensors.insert(NORM.to_owned(), (Dtype::I32, vec![8], vec![0; 32]));
    });
    dir.fails(WEIGHTS, &[NORM, "I32", "F32"]);
}

#[test]
fn nan_is_reported_with_its_element() {
    let dir = Dir::new().with_tensors(|tensors| {
        let (_, _, data) = tensors.get_mut(NORM).unwrap();
        data[3 * 4..4 * 4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    dir.fails(WEIGHTS, &[NORM, "element 3", "NaN"]);
}

#[test]
fn weights_of_a_different_size_are_reported() {
    for (key, value) in [("d_model", 16), ("encoder_layers", 3)] {
        Dir::new().with_key(key, Some(json!(value))).fails(WEIGHTS, &["tensor `", "config.json"]);
    }
    let dir =
        Dir::new().with_key("vocab_size", Some(json!(14))).with_key("decoder_vocab_size", None);
    dir.fails(WEIGHTS, &["tensor `model.shared.weight`", "[13, 8]", "[14, 8]"]);
    let dir = Dir::new().with_key("tie_word_embeddings", Some(json!(false)));
    dir.fails(WEIGHTS, &["lm_head.weight", "missing"]);
    // With fewer layers, some tensors are not part of the model.
    let error = Dir::new().with_key("decoder_layers", Some(json!(1))).fails(WEIGHTS, &["layers.1"]);
    assert!(matches!(error, ModelError::UnexpectedTensor { .. }));
}

#[test]
fn malformed_json_is_reported_with_its_line() {
    for text in ["{", "[]", "null", "{\"model_type\": \"marian\",}", "\u{feff}{"] {
        let error = Dir::new().with(CONFIG, text).fails(CONFIG, &["line 1"]);
        assert!(matches!(error, ModelError::Json { .. }), "{text}");
    }
    Dir::new().with(CONFIG, b"\xff\xfe\x00").fails(CONFIG, &["UTF-8"]);
}

#[test]
fn a_missing_key_is_reported() {
    for key in [
        "model_type",
        "vocab_size",
        "d_model",
        "encoder_layers",
        "decoder_layers",
        "encoder_attention_heads",
        "decoder_attention_heads",
        "encoder_ffn_dim",
        "decoder_ffn_dim",
        "activation_function",
        "pad_token_id",
        "eos_token_id",
    ] {
        let error = Dir::new().with_key(key, None).fails(CONFIG, &[key, "is missing"]);
        assert!(matches!(error, ModelError::Key { .. }), "{key}");
    }
}

#[test]
fn an_invalid_value_is_reported_with_its_key() {
    let cases = [
        ("model_type", json!("bert"), &["model_type", "bert", "marian", "pegasus"][..]),
        ("activation_function", json!("selu"), &["activation_function", "selu"]),
        ("d_model", json!(9), &["d_model (9)", "n_heads (2)"]),
        ("d_model", json!(0), &["d_model", "0"]),
        ("vocab_size", json!(0), &["vocab_size"]),
        ("encoder_layers", json!(0), &["config.json: encoder_layers: 0"]),
        ("encoder_attention_heads", json!(4), &["encoder_attention_heads", "4 and 2"]),
        ("decoder_ffn_dim", json!(7), &["encoder_ffn_dim", "12 and 7"]),
        ("vocab_size", json!(14), &["decoder_vocab_size", "14 and 13"]),
        ("pad_token_id", json!(13), &["pad_token_id", "13"]),
        ("eos_token_id", json!(13), &["eos_token_id", "13"]),
        ("decoder_start_token_id", json!(13), &["decoder_start_token_id", "13"]),
        ("dropout", json!(1.0), &["dropout", "1"]),
        ("attention_dropout", json!(-0.1), &["attention_dropout", "-0.1"]),
        ("max_position_embeddings", json!(0), &["max_position_embeddings"]),
    ];
    for (key, value, parts) in cases {
        let error = Dir::new().with_key(key, Some(value)).fails(CONFIG, parts);
        assert!(matches!(error, ModelError::Config { .. }), "{key}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_reported_with_its_key_and_the_expected_type() {
    for value in [json!("8"), json!(-8), json!(8.5), json!([8]), json!({}), json!(true)] {
        let found =
            format!("config.json: d_model: expected a non-negative integer, found `{value}`");
        let error = Dir::new().with_key("d_model", Some(value)).fails(CONFIG, &[&found]);
        assert!(matches!(error, ModelError::Key { .. }));
    }
    let none = "d_model: expected a value, found `null`";
    Dir::new().with_key("d_model", Some(json!(null))).fails(CONFIG, &[none]);
    let cases = [
        ("dropout", json!("0.1"), "dropout: expected a number, found `\"0.1\"`"),
        ("scale_embedding", json!(1), "scale_embedding: expected true or false, found `1`"),
        ("activation_function", json!(3), "activation_function: expected a string, found `3`"),
        ("eos_token_id", json!("a"), "eos_token_id: "),
    ];
    for (key, value, part) in cases {
        Dir::new().with_key(key, Some(value)).fails(CONFIG, &[part]);
    }
}

#[test]
fn numbers_and_null_are_read_as_in_transformers() {
    let cases = [
        ("d_model", json!(8.0)),
        ("encoder_layers", json!(2.0)),
        ("dropout", json!(0)),
        ("dropout", json!(null)),
        ("attention_dropout", json!(null)),
        ("max_position_embeddings", json!(null)),
        ("scale_embedding", json!(null)),
        ("tie_word_embeddings", json!(null)),
        ("architectures", json!(null)),
        ("decoder_start_token_id", json!(null)),
    ];
    for (key, value) in cases {
        let dir = Dir::new().with_key(key, Some(value.clone()));
        dir.load().unwrap_or_else(|error| panic!("{key}: {value}: {error}"));
    }
}

#[test]
fn names_with_wrappers_of_training_tools_load() {
    let expected = Dir::new().load().unwrap();
    let wraps: [fn(&str) -> String; 6] = [
        |name| format!("_orig_mod.{name}"),
        |name| format!("module.{name}"),
        |name| format!("model.{name}"),
        |name| format!("module._orig_mod.{name}"),
        |name| name.replacen("encoder.layers.", "encoder._orig_mod.layers.", 1),
        |name| name.replacen("layers.1.", "layers.1._checkpoint_wrapped_module.", 1),
    ];
    for wrap in wraps {
        let dir = Dir::new().with_tensors(|tensors| {
            *tensors = tensors.iter().map(|(name, tensor)| (wrap(name), tensor.clone())).collect();
        });
        let found = dir.load().unwrap();
        let values = |model: &EncoderDecoder| model.embedding.val().into_data();
        assert_eq!(values(&found), values(&expected));
        let report = ModelDirectory::open(dir.root()).unwrap();
        let report = report.weights(dir.root(), &Device::flex()).unwrap();
        assert!(report.is_sound(), "{report:?}");
        assert!(report.loaded.iter().any(|name| *name == wrap(NORM)), "{:?}", report.loaded);
    }
}

#[test]
fn a_missing_tensor_is_reported_with_similar_names() {
    let renamed = NORM.replace("final_layer_norm", "layer_norm");
    let dir = Dir::new().with_tensors(|tensors| {
        let tensor = tensors.remove(NORM).unwrap();
        tensors.insert(renamed.clone(), tensor);
    });
    dir.fails(WEIGHTS, &[NORM, "missing", "similar", &renamed]);
    let dir = Dir::new().with_tensors(|tensors| {
        let entries = std::mem::take(tensors).into_values().enumerate();
        tensors.extend(entries.map(|(index, tensor)| (format!("x{index:03}"), tensor)));
    });
    dir.fails(WEIGHTS, &["missing", "it has `x000`, `x001`, `x002` and", "more"]);
}

#[test]
fn placeholders_are_reported_for_every_file() {
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    for file in [CONFIG, WEIGHTS] {
        let error = Dir::new().with(file, lfs).fails(file, &["Git LFS pointer", "git lfs pull"]);
        assert!(matches!(
            error,
            ModelError::NotTheFile { .. } | ModelError::Weights(WeightsError::NotTheFile { .. })
        ));
        Dir::new().with(file, "<!doctype html>").fails(file, &["is a web page"]);
        Dir::new().with(file, "").fails(file, &["is empty"]);
    }
}

#[test]
fn a_size_that_exceeds_the_memory_is_an_error() {
    for key in ["vocab_size", "d_model", "encoder_layers", "encoder_ffn_dim"] {
        for value in [json!(1_u64 << 24), json!(u64::MAX), json!(1e300)] {
            let dir = Dir::new().with_key(key, Some(value));
            assert!(dir.load().is_err(), "{key}");
        }
    }
}

#[test]
fn invalid_generation_defaults_are_reported() {
    for (text, part) in [("{", "line 1"), (r#"{"num_beams": 0}"#, "num_beams")] {
        let dir = Dir::new().with("generation_config.json", text);
        let message = GenerationDefaults::from_dir(dir.root()).unwrap_err().to_string();
        assert!(message.contains("generation_config.json") && message.contains(part), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn truncated_weights_are_reported(share in 0.0..1.0_f64) {
        let all = &VALID[WEIGHTS];
        // An empty file has a different message.
        let len = 1 + (share * (all.len() - 1) as f64) as usize;
        Dir::new().with(WEIGHTS, &all[..len]).fails(WEIGHTS, &["not a complete safetensors file"]);
    }

    #[test]
    fn weights_with_any_byte_changed_load_or_give_an_error(position in 0.0..1.0_f64, byte: u8) {
        let mut bytes = VALID[WEIGHTS].clone();
        // Half of the changes are in the header.
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let range = if byte % 2 == 0 { header } else { bytes.len() };
        bytes[(position * range as f64) as usize] = byte;
        let _ = Dir::new().with(WEIGHTS, bytes).load();
    }

    #[test]
    fn a_config_with_any_byte_changed_loads_or_gives_an_error(position in 0.0..1.0_f64, byte: u8) {
        let mut bytes = VALID[CONFIG].clone();
        let at = (position * bytes.len() as f64) as usize;
        bytes[at] = byte;
        let _ = Dir::new().with(CONFIG, bytes).load();
    }
}
