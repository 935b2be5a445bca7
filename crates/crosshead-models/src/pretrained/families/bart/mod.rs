//! BART (Lewis et al. 2020) and the families that share its keys and names: Marian (Junczys-Dowmunt et al. 2018), Pegasus
//! (Zhang et al. 2020), mBART (Liu et al. 2020) and M2M-100 with NLLB (Fan et al. 2021).

mod variants;

use crosshead_blocks::NormOrder;
use crosshead_position::SinusoidLayout;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(super) use self::variants::{BART, M2M_100, MARIAN, MBART, PEGASUS};
use super::{Family, activation};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, required_id, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{EncoderDecoderConfig, ModelError, PositionKind, StackConfig};

/// A family with the keys and names of BART.
pub(super) struct Bart {
    model_type: &'static str,
    architecture: &'static str,
    norm_order: NormOrder,
    embedding_norm: bool,
    positions: Positions,
    /// The default of `scale_embedding`.
    scale_embedding: bool,
    /// Whether the logits have a bias.
    logits_bias: bool,
    /// Whether the default of `decoder_start_token_id` is padding; otherwise it is the end token.
    pad_starts: bool,
    sinusoids: &'static [&'static str],
}

/// The position encodings of these families.
enum Positions {
    /// Sinusoids: sines, then cosines.
    Concatenated,
    /// A learned table in which row 2 is position 0.
    Learned,
    /// Sinusoids as in Tensor2Tensor; position 0 counts as the padding id + 1.
    AfterPadding,
}

/// The keys of `config.json` that are read and written.
#[derive(Serialize, Deserialize)]
struct Keys {
    vocab_size: usize,
    decoder_vocab_size: Option<usize>,
    d_model: usize,
    encoder_layers: usize,
    decoder_layers: usize,
    encoder_attention_heads: usize,
    decoder_attention_heads: usize,
    encoder_ffn_dim: usize,
    decoder_ffn_dim: usize,
    #[serde(default)]
    encoder_layerdrop: f32,
    #[serde(default)]
    decoder_layerdrop: f32,
    activation_function: String,
    #[serde(default = "default_max_len")]
    max_position_embeddings: usize,
    scale_embedding: Option<bool>,
    #[serde(default)]
    dropout: f32,
    #[serde(default)]
    attention_dropout: f32,
    #[serde(default)]
    activation_dropout: f32,
    pad_token_id: u32,
    #[serde(deserialize_with = "required_id")]
    eos_token_id: u32,
    decoder_start_token_id: Option<u32>,
    share_encoder_decoder_embeddings: Option<bool>,
    tie_word_embeddings: Option<bool>,
}

fn default_max_len() -> usize {
    1024
}

const NAMES: &[Rule] = &[
    rule("embedding", "model.shared.weight"),
    rule("output", "lm_head.weight"),
    rule("logits_bias", "final_logits_bias").row().or_zeros(),
    rule("encoder_input.positions.weight", "model.encoder.embed_positions.weight"),
    rule("decoder_input.positions.weight", "model.decoder.embed_positions.weight"),
    rule("encoder_input.norm.*", "model.encoder.layernorm_embedding.*"),
    rule("decoder_input.norm.*", "model.decoder.layernorm_embedding.*"),
    rule("*.layers.*.self_attn.*.*", "model.*.layers.*.self_attn.*.*"),
    rule("*.layers.*.self_attn_norm.*", "model.*.layers.*.self_attn_layer_norm.*"),
    rule("*.layers.*.cross_attn.*.*", "model.*.layers.*.encoder_attn.*.*"),
    rule("*.layers.*.cross_attn_norm.*", "model.*.layers.*.encoder_attn_layer_norm.*"),
    rule("*.layers.*.feed_forward.up.*", "model.*.layers.*.fc1.*"),
    rule("*.layers.*.feed_forward.down.*", "model.*.layers.*.fc2.*"),
    rule("*.layers.*.feed_forward_norm.*", "model.*.layers.*.final_layer_norm.*"),
    rule("*.final_norm.*", "model.*.layer_norm.*"),
];

impl Family<EncoderDecoderConfig> for Bart {
    fn model_type(&self) -> &'static str {
        self.model_type
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        (head == Head::Seq2SeqLm).then_some(self.architecture)
    }

    fn read(&self, file: &ConfigFile) -> Result<EncoderDecoderConfig, ModelError> {
        let keys: Keys = file.keys()?;
        let same = |key, encoder: usize, decoder: usize| match encoder == decoder {
            true => Ok(encoder),
            false => Err(file.wrong(
                key,
                format!("{encoder} and {decoder}: must be equal for encoder and decoder"),
            )),
        };
        if keys.share_encoder_decoder_embeddings == Some(false) {
            return Err(file.wrong(
                "share_encoder_decoder_embeddings",
                "false: separate vocabularies for source and target are not supported",
            ));
        }
        same(
            "decoder_vocab_size",
            keys.vocab_size,
            keys.decoder_vocab_size.unwrap_or(keys.vocab_size),
        )?;
        let n_heads = (keys.encoder_attention_heads, keys.decoder_attention_heads);
        let default_start = if self.pad_starts { keys.pad_token_id } else { keys.eos_token_id };
        if keys.encoder_layerdrop != keys.decoder_layerdrop {
            let (encoder, decoder) = (keys.encoder_layerdrop, keys.decoder_layerdrop);
            let reason = format!("{encoder} and {decoder}: must be equal for encoder and decoder");
            return Err(file.wrong("encoder_layerdrop", reason));
        }
        Ok(EncoderDecoderConfig {
            stack: StackConfig {
                d_model: keys.d_model,
                d_ff: same("encoder_ffn_dim", keys.encoder_ffn_dim, keys.decoder_ffn_dim)?,
                n_heads: same("encoder_attention_heads", n_heads.0, n_heads.1)?,
                positions: self.positions(keys.pad_token_id),
                max_len: keys.max_position_embeddings,
                norm_order: self.norm_order,
                embedding_norm: self.embedding_norm,
                scale_embedding: keys.scale_embedding.unwrap_or(self.scale_embedding),
                activation: activation::find(
                    file,
                    "activation_function",
                    &keys.activation_function,
                )?,
                dropout: keys.dropout,
                attention_dropout: keys.attention_dropout,
                activation_dropout: keys.activation_dropout,
                layer_drop: keys.encoder_layerdrop,
                ..StackConfig::default()
            },
            n_encoder_layers: keys.encoder_layers,
            n_decoder_layers: keys.decoder_layers,
            tied_output: keys.tie_word_embeddings.unwrap_or(true),
            logits_bias: self.logits_bias,
            pad_id: keys.pad_token_id,
            eos_id: keys.eos_token_id,
            start_id: keys
                .decoder_start_token_id
                .or(file.generation_start)
                .unwrap_or(default_start),
            ..EncoderDecoderConfig::new(keys.vocab_size)
        })
    }

    fn write(&self, config: &EncoderDecoderConfig) -> Option<Map<String, Value>> {
        let stack = &config.stack;
        let keys = Keys {
            vocab_size: config.vocab_size,
            decoder_vocab_size: Some(config.vocab_size),
            d_model: stack.d_model,
            encoder_layers: config.n_encoder_layers,
            decoder_layers: config.n_decoder_layers,
            encoder_attention_heads: stack.n_heads,
            decoder_attention_heads: stack.n_heads,
            encoder_ffn_dim: stack.d_ff,
            decoder_ffn_dim: stack.d_ff,
            encoder_layerdrop: stack.layer_drop,
            decoder_layerdrop: stack.layer_drop,
            activation_function: activation::name(stack.activation),
            max_position_embeddings: stack.max_len,
            scale_embedding: Some(stack.scale_embedding),
            dropout: stack.dropout,
            attention_dropout: stack.attention_dropout,
            activation_dropout: stack.activation_dropout,
            pad_token_id: config.pad_id,
            eos_token_id: config.eos_id,
            decoder_start_token_id: Some(config.start_id),
            share_encoder_decoder_embeddings: Some(true),
            tie_word_embeddings: Some(config.tied_output),
        };
        let mut object = to_object(&keys);
        // Keys that converters read.
        object.extend([
            ("static_position_embeddings".to_owned(), json!(!self.has_learned_positions())),
            ("normalize_before".to_owned(), json!(self.norm_order == NormOrder::Pre)),
            ("normalize_embedding".to_owned(), json!(self.embedding_norm)),
            ("is_encoder_decoder".to_owned(), json!(true)),
            ("forced_eos_token_id".to_owned(), json!(config.eos_id)),
        ]);
        Some(object)
    }

    fn names(&self, config: &EncoderDecoderConfig, _: Head) -> Names {
        let mut names = Names {
            rules: vec![NAMES],
            prefix: "model",
            aliases: vec![
                ("model.shared.weight", "model.encoder.embed_tokens.weight"),
                ("model.shared.weight", "model.decoder.embed_tokens.weight"),
            ],
            ignored: vec!["model.*.version"],
            sinusoids: self.sinusoids,
            ..Names::default()
        };
        if config.tied_output {
            names.aliases.push(("model.shared.weight", "lm_head.weight"));
        }
        if !self.has_learned_positions() {
            names
                .ignored
                .extend(["model.*.embed_positions.weight", "model.*.embed_positions.weights"]);
        }
        names
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("d_ff", "encoder_ffn_dim"),
            ("n_heads", "encoder_attention_heads"),
            ("n_encoder_layers", "encoder_layers"),
            ("n_decoder_layers", "decoder_layers"),
            ("max_len", "max_position_embeddings"),
            ("layer_drop", "encoder_layerdrop"),
            ("pad_id", "pad_token_id"),
            ("eos_id", "eos_token_id"),
            ("start_id", "decoder_start_token_id"),
        ]
    }
}

impl Bart {
    fn positions(&self, pad_id: u32) -> PositionKind {
        match self.positions {
            Positions::Concatenated => {
                PositionKind::Sinusoidal { layout: SinusoidLayout::Concatenated, offset: 0 }
            }
            Positions::Learned => PositionKind::Learned { offset: 2 },
            Positions::AfterPadding => PositionKind::Sinusoidal {
                layout: SinusoidLayout::Tensor2Tensor,
                offset: pad_id as usize + 1,
            },
        }
    }

    fn has_learned_positions(&self) -> bool {
        matches!(self.positions, Positions::Learned)
    }
}
