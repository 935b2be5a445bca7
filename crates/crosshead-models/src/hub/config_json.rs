//! `config.json` and `generation_config.json` of Marian and Pegasus models.

use std::fs;
use std::path::Path;

use crosshead_blocks::NormOrder;
use crosshead_kernels::Activation;
use serde::Deserialize;
use serde_json::json;

use super::GenerationDefaults;
use crate::{EncoderDecoderConfig, ModelError, StackConfig, write_atomic};

/// The keys of a Marian or Pegasus `config.json` that decide what the model computes.
#[derive(Deserialize)]
struct ConfigJson {
    model_type: String,
    vocab_size: usize,
    d_model: usize,
    encoder_layers: usize,
    decoder_layers: usize,
    encoder_attention_heads: usize,
    decoder_attention_heads: usize,
    encoder_ffn_dim: usize,
    decoder_ffn_dim: usize,
    activation_function: String,
    #[serde(default = "default_max_len")]
    max_position_embeddings: usize,
    #[serde(default)]
    scale_embedding: bool,
    #[serde(default)]
    dropout: f32,
    #[serde(default)]
    attention_dropout: f32,
    #[serde(default)]
    activation_dropout: f32,
    pad_token_id: u32,
    eos_token_id: u32,
    decoder_start_token_id: Option<u32>,
    #[serde(default = "yes")]
    share_encoder_decoder_embeddings: bool,
    #[serde(default = "yes")]
    tie_word_embeddings: bool,
}

fn default_max_len() -> usize {
    1024
}

fn yes() -> bool {
    true
}

/// Activations and their names in `config.json`.
const ACTIVATIONS: [(Activation, &str); 6] = [
    (Activation::Identity, "linear"),
    (Activation::Relu, "relu"),
    (Activation::Gelu, "gelu"),
    (Activation::GeluTanh, "gelu_new"),
    (Activation::Silu, "swish"),
    (Activation::Silu, "silu"),
];

/// Names of the configuration that are others in `config.json`.
const KEYS: [(&str, &str); 7] = [
    ("d_ff", "encoder_ffn_dim"),
    ("n_heads", "encoder_attention_heads"),
    ("n_encoder_layers", "encoder_layers"),
    ("n_decoder_layers", "decoder_layers"),
    ("max_len", "max_position_embeddings"),
    ("pad_id", "pad_token_id"),
    ("eos_id", "eos_token_id"),
];

/// Norm orders and the families that have them.
const FAMILIES: [(NormOrder, &str, &str); 2] = [
    (NormOrder::Post, "marian", "MarianMTModel"),
    (NormOrder::Pre, "pegasus", "PegasusForConditionalGeneration"),
];

impl EncoderDecoderConfig {
    /// Reads the `config.json` of a Marian or Pegasus model.
    ///
    /// # Errors
    /// If the file is missing or malformed, of another family, or describes an impossible model.
    pub fn from_json_file(path: &Path) -> Result<Self, ModelError> {
        let text = fs::read_to_string(path).map_err(ModelError::io(path))?;
        let json: ConfigJson = serde_json::from_str(&text)
            .map_err(|source| ModelError::Json { path: path.to_owned(), source })?;
        let config = json.into_config().and_then(|config| config.check().map(|()| config));
        config.map_err(|(key, reason)| {
            let key = KEYS.iter().find(|(ours, _)| *ours == key).map_or(key, |(_, theirs)| theirs);
            ModelError::Config { path: path.to_owned(), key, reason }
        })
    }

    /// Writes `config.json` and `generation_config.json`.
    ///
    /// # Errors
    /// If no family can express the model, or a file cannot be written.
    pub(super) fn write_json_files(
        &self,
        generation: GenerationDefaults,
        dir: &Path,
    ) -> Result<(), ModelError> {
        let json = self.to_json();
        if !self.is_expressed_by(&json) {
            return Err(ModelError::Config {
                path: dir.join("config.json"),
                key: "model_type",
                reason: "neither marian nor pegasus can express this model".to_owned(),
            });
        }
        for (name, value) in
            [("config.json", json), ("generation_config.json", self.generation_json(generation))]
        {
            let path = dir.join(name);
            write_atomic(&path, format!("{value:#}\n").as_bytes())
                .map_err(ModelError::io(&path))?;
        }
        Ok(())
    }

    /// Whether reading `json` gives this configuration again.
    fn is_expressed_by(&self, json: &serde_json::Value) -> bool {
        let read = serde_json::from_value::<ConfigJson>(json.clone());
        read.is_ok_and(|json| json.into_config().is_ok_and(|config| config == *self))
    }

    fn to_json(&self) -> serde_json::Value {
        let (_, model_type, architecture) = family(self.stack.norm_order);
        let activation =
            ACTIVATIONS.iter().find(|(activation, _)| *activation == self.stack.activation);
        json!({
            "model_type": model_type,
            "architectures": [architecture],
            "vocab_size": self.vocab_size,
            "decoder_vocab_size": self.vocab_size,
            "d_model": self.stack.d_model,
            "encoder_layers": self.n_encoder_layers,
            "decoder_layers": self.n_decoder_layers,
            "encoder_attention_heads": self.stack.n_heads,
            "decoder_attention_heads": self.stack.n_heads,
            "encoder_ffn_dim": self.stack.d_ff,
            "decoder_ffn_dim": self.stack.d_ff,
            "activation_function": activation.map_or("linear", |(_, name)| name),
            "max_position_embeddings": self.stack.max_len,
            "static_position_embeddings": true,
            "normalize_before": self.stack.norm_order == NormOrder::Pre,
            "normalize_embedding": false,
            "scale_embedding": self.stack.scale_embedding,
            "share_encoder_decoder_embeddings": true,
            "tie_word_embeddings": true,
            "dropout": short(self.stack.dropout),
            "attention_dropout": short(self.stack.attention_dropout),
            "activation_dropout": short(self.stack.activation_dropout),
            "is_encoder_decoder": true,
            "pad_token_id": self.pad_id,
            "eos_token_id": self.eos_id,
            "decoder_start_token_id": self.pad_id,
            "forced_eos_token_id": self.eos_id,
            "torch_dtype": "float32",
        })
    }

    fn generation_json(&self, generation: GenerationDefaults) -> serde_json::Value {
        json!({
            "pad_token_id": self.pad_id,
            "eos_token_id": self.eos_id,
            "decoder_start_token_id": self.pad_id,
            "forced_eos_token_id": self.eos_id,
            "bad_words_ids": [[self.pad_id]],
            "max_length": self.stack.max_len,
            "num_beams": generation.num_beams,
            "length_penalty": short(generation.length_penalty),
        })
    }
}

impl ConfigJson {
    fn into_config(self) -> Result<EncoderDecoderConfig, (&'static str, String)> {
        let Some((norm_order, ..)) = FAMILIES.iter().find(|(_, name, _)| *name == self.model_type)
        else {
            let known = FAMILIES.map(|(_, name, _)| name).join(" and ");
            return Err((
                "model_type",
                format!("{} is not supported; {known} are", self.model_type),
            ));
        };
        let Some((activation, _)) =
            ACTIVATIONS.iter().find(|(_, name)| *name == self.activation_function)
        else {
            return Err((
                "activation_function",
                format!("{} is not known", self.activation_function),
            ));
        };
        let same = |key, encoder: usize, decoder: usize| match encoder == decoder {
            true => Ok(encoder),
            false => Err((
                key,
                format!("{encoder} and {decoder}: encoder and decoder must have the same"),
            )),
        };
        if !(self.share_encoder_decoder_embeddings && self.tie_word_embeddings) {
            return Err((
                "tie_word_embeddings",
                "false: separate embeddings are not supported".to_owned(),
            ));
        }
        if self.decoder_start_token_id.is_some_and(|id| id != self.pad_token_id) {
            return Err(("decoder_start_token_id", "must be pad_token_id".to_owned()));
        }
        Ok(EncoderDecoderConfig {
            vocab_size: self.vocab_size,
            stack: StackConfig {
                d_model: self.d_model,
                d_ff: same("encoder_ffn_dim", self.encoder_ffn_dim, self.decoder_ffn_dim)?,
                n_heads: same(
                    "encoder_attention_heads",
                    self.encoder_attention_heads,
                    self.decoder_attention_heads,
                )?,
                max_len: self.max_position_embeddings,
                norm_order: *norm_order,
                activation: *activation,
                dropout: self.dropout,
                attention_dropout: self.attention_dropout,
                activation_dropout: self.activation_dropout,
                scale_embedding: self.scale_embedding,
                ..StackConfig::default()
            },
            n_encoder_layers: self.encoder_layers,
            n_decoder_layers: self.decoder_layers,
            pad_id: self.pad_token_id,
            eos_id: self.eos_token_id,
            ..EncoderDecoderConfig::new(self.vocab_size)
        })
    }
}

fn family(norm_order: NormOrder) -> (NormOrder, &'static str, &'static str) {
    FAMILIES[usize::from(norm_order == NormOrder::Pre)]
}

/// The shortest decimal that reads back as the same f32, so that 0.1 is written as 0.1.
fn short(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
