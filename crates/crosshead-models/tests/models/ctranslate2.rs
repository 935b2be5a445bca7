//! CTranslate2 directories with unsupported or invalid contents: loading fails with an error that names the variable, and
//! never panics.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_models::{
    CausalLm, EncoderDecoder, GenerationDefaults, ModelDirectory, ModelError, Origin,
};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tempfile::TempDir;

const MODEL: &str = "model.bin";
const CONFIG: &str = "config.json";
const VOCABULARY: &str = "shared_vocabulary.json";

/// The bytes between a scalar's name and its value: the final zero, the rank, the type and the number of bytes.
const TO_VALUE: usize = 7;

/// A copy of a fixture.
struct Dir(TempDir);

impl Dir {
    fn new(name: &str) -> Self {
        let fixtures =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/ctranslate2");
        let dir = tempfile::tempdir().unwrap();
        for file in fs::read_dir(fixtures.join(name)).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Changes the bytes of `model.bin`.
    fn with_model(self, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = fs::read(self.path(MODEL)).unwrap();
        change(&mut bytes);
        fs::write(self.path(MODEL), bytes).unwrap();
        self
    }

    /// Renames a variable; both names must have the same length.
    fn renamed(self, from: &str, to: &str) -> Self {
        assert_eq!(from.len(), to.len());
        self.with_model(|bytes| {
            let at = position(bytes, from);
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        })
    }

    /// Changes the value of a scalar.
    fn set(self, name: &str, value: &[u8]) -> Self {
        self.with_model(|bytes| {
            let at = position(bytes, name) + name.len() + TO_VALUE;
            bytes[at..at + value.len()].copy_from_slice(value);
        })
    }

    fn with_json(self, name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut json = serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap();
        change(&mut json);
        fs::write(self.path(name), json.to_string()).unwrap();
        self
    }

    fn load(&self) -> Result<EncoderDecoder, ModelError> {
        EncoderDecoder::from_pretrained(self.0.path(), &Device::flex())
    }

    fn load_causal(&self) -> Result<CausalLm, ModelError> {
        CausalLm::from_pretrained(self.0.path(), &Device::flex())
    }

    /// Asserts that loading fails with a message that starts with this file and contains these parts.
    #[track_caller]
    fn fails(&self, file: &str, parts: &[&str]) {
        let message = self.load().unwrap_err().to_string();
        assert!(message.starts_with(&format!("{}: ", self.path(file).display())), "{message}");
        parts.iter().for_each(|part| assert!(message.contains(part), "{message} without {part}"));
    }
}

/// The offset of a variable's name.
fn position(bytes: &[u8], name: &str) -> usize {
    let name = [name.as_bytes(), b"\0"].concat();
    bytes.windows(name.len()).position(|window| window == name).unwrap()
}

#[test]
fn the_unmodified_fixtures_load() {
    Dir::new("opus-mt").load().unwrap();
    Dir::new("qwen2").load_causal().unwrap();
}

#[test]
fn an_unknown_scalar_is_reported() {
    let name = "decoder/scale_alibI";
    Dir::new("opus-mt").renamed("decoder/scale_alibi", name).fails(MODEL, &[name, "not supported"]);
}

#[test]
fn an_unsupported_setting_is_reported() {
    for (name, value, part) in [
        ("decoder/activation", &[6][..], "is 6;"),
        ("decoder/alibi", &[1], "ALiBi"),
        ("encoder/scale_embeddings", &3_f32.to_le_bytes(), "is 3; 1 and √16"),
        ("encoder/num_heads", &0_i16.to_le_bytes(), "num_heads"),
        ("encoder/num_heads", &(-4_i16).to_le_bytes(), "is -4, not a size"),
        ("encoder/num_heads", &5_i16.to_le_bytes(), "48 rows"),
    ] {
        Dir::new("opus-mt").set(name, value).fails(MODEL, &[part]);
    }
}

#[test]
fn a_decoder_unlike_its_encoder_is_an_error() {
    let dir = Dir::new("opus-mt").set("decoder/num_heads", &2_i16.to_le_bytes());
    dir.fails(MODEL, &["n_heads: 2", "n_heads: 4", "must be equal"]);
}

#[test]
fn different_layers_are_an_error() {
    let name = "decoder/layer_1/self_attention/rotary_base";
    let dir = Dir::new("qwen2").set(name, &500_f32.to_le_bytes());
    let error = dir.load_causal().unwrap_err().to_string();
    assert!(error.contains(name) && error.contains("layers must be equal"), "{error}");
}

#[test]
fn an_unexpected_tensor_is_reported() {
    let name = "encoder/layer_1/ffn/linear_1/biaS";
    let dir = Dir::new("opus-mt").renamed("encoder/layer_1/ffn/linear_1/bias", name);
    dir.fails(MODEL, &[name, "is not part of the model"]);
}

#[test]
fn a_missing_tensor_is_reported() {
    let name = "encoder/layer_1/ffn/linear_1/weight";
    let dir = Dir::new("opus-mt").renamed(name, "encoder/layer_1/ffn/linear_1/weighT");
    dir.fails(MODEL, &[name, "is missing"]);
}

#[test]
fn separate_embeddings_are_refused() {
    // The alias of the decoder's embeddings becomes an alias of a different table.
    let (alias, other) = ("encoder/embeddings_0/weight", "decoder/layer_0/ffn/linear_0/weight\0");
    let dir = Dir::new("opus-mt").with_model(|bytes| {
        let at = position(bytes, alias) + alias.len() + 1;
        let len = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let target = [&(other.len() as u16).to_le_bytes(), other.as_bytes()].concat();
        bytes.splice(at..at + 2 + len, target);
    });
    dir.fails(MODEL, &[alias, "decoder/embeddings/weight", "must share one embedding"]);
}

#[test]
fn a_special_token_outside_the_vocabulary_is_reported() {
    let set = |key: &'static str| move |json: &mut Value| json[key] = json!("<nowhere>");
    for key in ["eos_token", "decoder_start_token"] {
        let dir = Dir::new("bart").with_json(CONFIG, set(key));
        dir.fails(VOCABULARY, &[key, "`<nowhere>` is not in the vocabulary"]);
    }
}

#[test]
fn a_vocabulary_larger_than_the_embedding_is_an_error() {
    let dir = Dir::new("bart").with_json(VOCABULARY, |tokens| {
        tokens.as_array_mut().unwrap().push(json!("one more"));
    });
    dir.fails(VOCABULARY, &["41 tokens", "embeddings of 40"]);
}

#[test]
fn a_missing_file_is_reported() {
    for name in [CONFIG, VOCABULARY] {
        let dir = Dir::new("bart");
        fs::remove_file(dir.path(name)).unwrap();
        let message = dir.load().unwrap_err().to_string();
        assert!(message.contains("vocabulary.json") || message.contains(CONFIG), "{message}");
        assert!(message.contains("entity not found"), "{message}");
    }
}

#[test]
fn awq_weights_are_refused() {
    let dir = Dir::new("bart").with_json(CONFIG, |keys| keys["quantization_type"] = json!(1));
    dir.fails(CONFIG, &["quantization_type", "AWQ"]);
}

#[test]
fn a_model_of_a_different_kind_is_an_error() {
    let error = Dir::new("qwen2").load().unwrap_err().to_string();
    assert!(error.contains("TransformerDecoderSpec, not encoder-decoder"), "{error}");
    let error = Dir::new("bart").load_causal().unwrap_err().to_string();
    assert!(error.contains("TransformerSpec, not causal language model"), "{error}");
    // The new name has the same length as that of a different specification.
    let dir = Dir::new("bart").renamed("TransformerSpec", "TransformerspeC");
    dir.fails(MODEL, &["TransformerspeC", "TransformerSpec and TransformerDecoderSpec"]);
}

#[test]
fn an_old_file_must_agree_with_its_config_json() {
    let dir = Dir::new("argos-old");
    dir.load().unwrap();
    fs::write(dir.path(CONFIG), r#"{"add_source_eos": true}"#).unwrap();
    dir.fails(CONFIG, &["add_source_eos", "is true, but must be false"]);
}

#[test]
fn the_default_decoding_options_are_those_of_ctranslate2() {
    let dir = Dir::new("bart");
    let found = GenerationDefaults::from_dir(dir.0.path()).unwrap();
    assert_eq!((found.num_beams, found.max_new_tokens), (2, Some(256)));
    fs::write(dir.path("generation_config.json"), r#"{"num_beams": 5}"#).unwrap();
    assert_eq!(GenerationDefaults::from_dir(dir.0.path()).unwrap().num_beams, 5);
}

#[test]
fn fine_tuning_is_refused() {
    let error = Origin::open(Dir::new("bart").0.path()).unwrap_err().to_string();
    assert!(error.contains("CTranslate2") && error.contains("inference"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_loads_or_fails_with_its_name(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        name in prop_oneof![Just("qwen2-int8"), Just("argos-old")],
    ) {
        let dir = Dir::new(name).with_model(|bytes| {
            for (at, byte) in &changes {
                let len = bytes.len();
                bytes[at.index(len)] = *byte;
            }
        });
        let path = dir.0.path().display().to_string();
        let found = ModelDirectory::open(dir.0.path());
        let loaded = match name {
            "qwen2-int8" => dir.load_causal().map(drop),
            _ => dir.load().map(drop),
        };
        for error in [found.map(drop), loaded].into_iter().filter_map(Result::err) {
            prop_assert!(error.to_string().starts_with(&path), "{error}");
        }
    }
}
