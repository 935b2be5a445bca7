//! Directories as found in practice, with tensor names with or without prefixes, tied weights stored once or twice, and
//! unused tables; and invalid directories.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::tensor::TensorData;
use crosshead::kernels::Mode;
use crosshead::models::{
    CausalLm, Encoder, EncoderDecoder, Head, MaskedLm, ModelDirectory, ModelError,
    SequenceClassifier, TokenBatch, TokenClassifier,
};
use crosshead::weights::{TensorSource, write_tensors};
use crosshead_tests::{device, fixture};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

type Tensors = BTreeMap<String, TensorData>;

/// The directory of a fixture with modified weights.
fn with_tensors(name: &str, change: impl FnOnce(&mut Tensors)) -> TempDir {
    let (from, dir) = (fixture(name), tempdir().unwrap());
    let checkpoint = TensorSource::open(&from).unwrap();
    let read = |name: &str| (name.to_owned(), checkpoint.read(name).unwrap());
    let mut tensors: Tensors = checkpoint.names().map(read).collect();
    change(&mut tensors);
    write_tensors(&dir.path().join("model.safetensors"), &tensors).unwrap();
    fs::copy(from.join("config.json"), dir.path().join("config.json")).unwrap();
    dir
}

/// The directory of a fixture with a modified key in `config.json`.
fn with_key(name: &str, key: &str, value: Value) -> TempDir {
    let (from, dir) = (fixture(name), tempdir().unwrap());
    let text = fs::read_to_string(from.join("config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config[key] = value;
    fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    fs::copy(from.join("model.safetensors"), dir.path().join("model.safetensors")).unwrap();
    dir
}

fn renamed(tensors: &mut Tensors, rename: impl Fn(&str) -> String) {
    *tensors =
        std::mem::take(tensors).into_iter().map(|(name, data)| (rename(&name), data)).collect();
}

fn tensor(values: Vec<f32>, shape: &[usize]) -> TensorData {
    TensorData::new(values, shape.to_vec())
}

const ROW: TokenBatch<'static> = TokenBatch { ids: &[6, 17, 30, 9], lengths: &[4] };

/// The outputs of a causal model, a masked language model or an encoder-decoder for one row.
fn outputs(dir: &Path) -> Result<Vec<f32>, ModelError> {
    let device = device();
    let logits = match ModelDirectory::open(dir)?.head {
        Head::CausalLm => {
            let model = CausalLm::from_pretrained(dir, &device)?;
            model.logits(model.forward(ROW, Mode::Eval)).into_data()
        }
        Head::MaskedLm => {
            MaskedLm::from_pretrained(dir, &device)?.logits(ROW, None, Mode::Eval).into_data()
        }
        Head::SequenceClassifier => {
            let model = SequenceClassifier::from_pretrained(dir, &device)?;
            model.logits(ROW, None, Mode::Eval).into_data()
        }
        Head::TokenClassifier => {
            let model = TokenClassifier::from_pretrained(dir, &device)?;
            model.logits(ROW, None, Mode::Eval).into_data()
        }
        Head::Encoder => {
            Encoder::from_pretrained(dir, &device)?.forward(ROW, None, Mode::Eval).into_data()
        }
        Head::Seq2SeqLm => {
            let model = EncoderDecoder::from_pretrained(dir, &device)?;
            let memory = model.encode(ROW, Mode::Eval);
            model.logits(model.decode(ROW, &memory, Mode::Eval)).into_data()
        }
    };
    Ok(logits.iter::<f32>().collect())
}

#[track_caller]
fn assert_same_outputs(name: &str, dir: &TempDir) {
    assert_eq!(outputs(dir.path()).unwrap(), outputs(&fixture(name)).unwrap(), "{name}");
}

#[test]
fn weights_load_without_the_prefix_of_a_model_with_a_head() {
    for (name, prefix) in
        [("gpt2-tiny", "transformer."), ("bert-tiny", "bert."), ("bart-tiny", "model.")]
    {
        let dir = with_tensors(name, |tensors| {
            assert!(tensors.keys().any(|name| name.starts_with(prefix)));
            renamed(tensors, |name| name.strip_prefix(prefix).unwrap_or(name).to_owned());
        });
        assert_same_outputs(name, &dir);
    }
}

#[test]
fn an_encoder_without_a_head_also_loads_with_the_prefix() {
    let dir = with_tensors("bert-encoder-tiny", |tensors| {
        renamed(tensors, |name| format!("bert.{name}"));
    });
    assert_same_outputs("bert-encoder-tiny", &dir);
}

#[test]
fn tied_weights_load_under_any_of_their_names() {
    let ties = [
        ("gpt2-tiny", "transformer.wte.weight", &["lm_head.weight"][..]),
        ("qwen2-tiny", "model.embed_tokens.weight", &["lm_head.weight"]),
        (
            "t5-tiny",
            "shared.weight",
            &["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"],
        ),
        (
            "bart-tiny",
            "model.shared.weight",
            &["model.encoder.embed_tokens.weight", "lm_head.weight"],
        ),
        (
            "bert-tiny",
            "bert.embeddings.word_embeddings.weight",
            &["cls.predictions.decoder.weight"],
        ),
    ];
    for (name, usual, others) in ties {
        let all = with_tensors(name, |tensors| {
            let embedding = tensors[usual].clone();
            tensors.extend(others.iter().map(|other| ((*other).to_owned(), embedding.clone())));
        });
        assert_same_outputs(name, &all);
        let last = with_tensors(name, |tensors| {
            let embedding = tensors.remove(usual).unwrap();
            tensors.insert(others[others.len() - 1].to_owned(), embedding);
        });
        assert_same_outputs(name, &last);
    }
}

/// As in transformers 5, the weights determine whether the projection is tied.
#[test]
fn a_separate_output_projection_unties_the_model() {
    let dir = with_tensors("gpt2-tiny", |tensors| {
        let shape = tensors["transformer.wte.weight"].shape().to_vec();
        let values = (0..shape.iter().product()).map(|i: usize| (i as f32).sin()).collect();
        tensors.insert("lm_head.weight".to_owned(), tensor(values, &shape));
    });
    let model = CausalLm::from_pretrained(dir.path(), &device()).unwrap();
    assert!(!model.config().tied_output && model.output.is_some());
    assert_ne!(outputs(dir.path()).unwrap(), outputs(&fixture("gpt2-tiny")).unwrap());
}

#[test]
fn the_error_for_a_tied_tensor_that_differs_names_it() {
    let name = "model.encoder.embed_tokens.weight";
    let dir = with_tensors("bart-tiny", |tensors| {
        let shape = tensors["model.shared.weight"].shape().to_vec();
        tensors.insert(name.to_owned(), tensor(vec![0.5; shape.iter().product()], &shape));
    });
    let error = outputs(dir.path()).unwrap_err().to_string();
    assert!(error.contains(name) && error.contains("model.shared.weight"), "{error}");
}

#[test]
fn masks_and_tables_of_older_versions_are_ignored() {
    let tables = [
        ("gpt2-tiny", "transformer.h.0.attn.bias"),
        ("gpt2-tiny", "h.1.attn.masked_bias"),
        ("llama-tiny", "model.layers.0.self_attn.rotary_emb.inv_freq"),
        ("bert-tiny", "bert.embeddings.position_ids"),
        ("bert-tiny", "bert.pooler.dense.weight"),
        ("bert-tiny", "cls.seq_relationship.bias"),
        ("opus-mt-tiny", "model.encoder.embed_positions.weight"),
        ("m2m-100-tiny", "model.decoder.embed_positions.weights"),
        ("t5-tiny", "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
    ];
    for (name, table) in tables {
        let dir = with_tensors(name, |tensors| {
            tensors.insert(table.to_owned(), tensor(vec![1.0], &[1]));
        });
        assert_same_outputs(name, &dir);
    }
}

#[test]
fn norm_parameters_named_gamma_and_beta_load() {
    let dir = with_tensors("bert-tiny", |tensors| {
        renamed(tensors, |name| {
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta")
        });
    });
    assert_same_outputs("bert-tiny", &dir);
}

#[test]
fn a_missing_logits_bias_is_zero() {
    let bias = |values: Vec<f32>| {
        with_tensors("bart-tiny", |tensors| {
            tensors.insert("final_logits_bias".to_owned(), tensor(values, &[1, 40]));
        })
    };
    let without = with_tensors("bart-tiny", |tensors| {
        tensors.remove("final_logits_bias").unwrap();
    });
    let zeros = outputs(bias(vec![0.0; 40]).path()).unwrap();
    assert_eq!(outputs(without.path()).unwrap(), zeros);
    assert_ne!(outputs(&fixture("bart-tiny")).unwrap(), zeros);
}

#[test]
fn the_error_for_an_unexpected_tensor_names_it() {
    for name in ["gpt2-tiny", "llama-tiny", "t5-tiny", "mbart-tiny", "bert-classifier-tiny"] {
        let dir = with_tensors(name, |tensors| {
            tensors.insert("adapter.weight".to_owned(), tensor(vec![1.0], &[1]));
        });
        let error = outputs(dir.path()).unwrap_err();
        assert!(
            matches!(error, ModelError::UnexpectedTensor { tensor, .. } if tensor == "adapter.weight")
        );
    }
}

/// Conv1D stores `[d_in, d_out]`. A transposed matrix causes an error if it is not square.
#[test]
fn the_error_for_a_transposed_gpt2_matrix_names_both_shapes() {
    let name = "transformer.h.0.mlp.c_fc.weight";
    let dir = with_tensors("gpt2-tiny", |tensors| {
        tensors.insert(name.to_owned(), tensor(vec![0.0; 16 * 24], &[24, 16]));
    });
    let error = outputs(dir.path()).unwrap_err().to_string();
    for part in [name, "[24, 16]", "[16, 24]", "model.safetensors"] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn the_error_for_missing_tensors_names_each() {
    for name in ["gpt2-tiny", "llama-tiny", "t5-tiny", "m2m-100-tiny", "bert-classifier-tiny"] {
        let names: Vec<String> =
            TensorSource::open(&fixture(name)).unwrap().names().map(str::to_owned).collect();
        for missing in names {
            let dir = with_tensors(name, |tensors| {
                tensors.remove(&missing).unwrap();
            });
            let error = outputs(dir.path()).unwrap_err();
            assert!(
                matches!(&error, ModelError::MissingTensor { tensor, .. } if *tensor == missing),
                "{error}"
            );
        }
    }
}

#[test]
fn the_error_for_an_unknown_family_names_the_known_ones() {
    let dir = with_key("gpt2-tiny", "model_type", json!("gpt_neox"));
    let message = ModelDirectory::open(dir.path()).unwrap_err().to_string();
    for part in ["config.json", "model_type", "gpt_neox", "bart", "bert", "llama", "t5"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    let message =
        CausalLm::from_pretrained(&fixture("bert-tiny"), &device()).unwrap_err().to_string();
    assert!(message.contains("bert is not a supported causal language model"), "{message}");
}

#[test]
fn errors_for_unsupported_settings_of_a_family_name_the_key() {
    let cases = [
        ("gpt2-tiny", "scale_attn_by_inverse_layer_idx", json!(true)),
        ("gpt2-tiny", "add_cross_attention", json!(true)),
        ("bert-tiny", "position_embedding_type", json!("relative_key")),
        ("bert-tiny", "is_decoder", json!(true)),
        ("opus-mt-tiny", "share_encoder_decoder_embeddings", json!(false)),
        ("bart-tiny", "decoder_ffn_dim", json!(32)),
        ("bart-tiny", "activation_function", json!("mish")),
        ("t5-tiny", "feed_forward_proj", json!("gated-mish")),
        ("llama-tiny", "rope_parameters", json!({"rope_type": "yarn", "factor": 2.0})),
        ("llama-tiny", "rope_parameters", json!({"rope_type": "linear"})),
    ];
    for (name, key, value) in cases {
        let dir = with_key(name, key, value);
        let error = outputs(dir.path()).unwrap_err();
        assert!(matches!(error, ModelError::Config { .. }), "{name} {key}: {error}");
        let message = error.to_string();
        assert!(message.contains("config.json"), "{message}");
    }
}

/// Any value of any key causes an error that names a file, never a panic or excessive memory use.
#[test]
fn impossible_values_of_every_key_are_errors() {
    let values = [
        json!(0),
        json!(-1),
        json!(1),
        json!(3),
        json!(1_u64 << 24),
        json!(1_u64 << 40),
        json!(u64::MAX),
        json!(1e300),
        json!(null),
        json!("x"),
        json!([]),
        json!([7, 8]),
        json!({}),
        json!(true),
    ];
    for name in [
        "opus-mt-tiny",
        "m2m-100-tiny",
        "t5-v1.1-tiny",
        "gpt2-tiny",
        "llama-tiny",
        "qwen2-tiny",
        "bert-classifier-tiny",
    ] {
        let text = fs::read_to_string(fixture(name).join("config.json")).unwrap();
        let config: Value = serde_json::from_str(&text).unwrap();
        let (from, dir) = (fixture(name), tempdir().unwrap());
        fs::copy(from.join("model.safetensors"), dir.path().join("model.safetensors")).unwrap();
        for key in config.as_object().unwrap().keys() {
            for value in &values {
                let mut changed = config.clone();
                changed[key] = value.clone();
                fs::write(dir.path().join("config.json"), changed.to_string()).unwrap();
                if let Err(error) = load(dir.path()) {
                    let message = error.to_string();
                    assert!(
                        message.contains(".json") || message.contains(".safetensors"),
                        "{message}"
                    );
                }
            }
        }
    }
}

/// Loads the model of a directory without running it.
fn load(dir: &Path) -> Result<(), ModelError> {
    let device = device();
    match ModelDirectory::open(dir)?.head {
        Head::CausalLm => CausalLm::from_pretrained(dir, &device).map(|_| ()),
        Head::MaskedLm => MaskedLm::from_pretrained(dir, &device).map(|_| ()),
        Head::SequenceClassifier => SequenceClassifier::from_pretrained(dir, &device).map(|_| ()),
        Head::TokenClassifier => TokenClassifier::from_pretrained(dir, &device).map(|_| ()),
        Head::Encoder => Encoder::from_pretrained(dir, &device).map(|_| ()),
        Head::Seq2SeqLm => EncoderDecoder::from_pretrained(dir, &device).map(|_| ()),
    }
}

#[test]
fn a_report_lists_loaded_and_missing_tensors() {
    let sound = ModelDirectory::open(&fixture("gpt2-tiny")).unwrap();
    let report = sound.weights(&fixture("gpt2-tiny"), &device()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.dtypes, BTreeMap::from([("F32".to_owned(), report.loaded.len())]));

    let dir = with_tensors("gpt2-tiny", |tensors| {
        tensors.remove("transformer.ln_f.bias").unwrap();
        tensors.insert("transformer.h.0.attn.bias".to_owned(), tensor(vec![1.0], &[1]));
        tensors.insert("adapter.weight".to_owned(), tensor(vec![1.0], &[1]));
        tensors.insert("transformer.h.0.ln_1.bias".to_owned(), tensor(vec![1.0], &[1]));
    });
    let report = sound.weights(dir.path(), &device()).unwrap();
    assert_eq!(report.missing, ["transformer.ln_f.bias"]);
    assert_eq!(report.ignored, ["transformer.h.0.attn.bias"]);
    assert_eq!(report.unexpected, ["adapter.weight"]);
    assert!(report.wrong["transformer.h.0.ln_1.bias"].contains("has shape [1]"), "{report:?}");
}
