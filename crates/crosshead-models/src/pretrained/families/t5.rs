//! T5 (Raffel et al. 2020), its version 1.1 and FLAN-T5, and mT5 (Xue et al. 2021).

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Family, activation};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, required_id, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{EncoderDecoderConfig, ModelError, PositionKind, StackConfig};

/// T5 or mT5.
pub(super) struct T5 {
    model_type: &'static str,
    architecture: &'static str,
}

pub(super) static T5: T5 = T5 { model_type: "t5", architecture: "T5ForConditionalGeneration" };

pub(super) static MT5: T5 = T5 { model_type: "mt5", architecture: "MT5ForConditionalGeneration" };

/// The keys of `config.json` that are read and written.
#[derive(Serialize, Deserialize)]
struct Keys {
    vocab_size: usize,
    d_model: usize,
    d_kv: usize,
    d_ff: usize,
    num_layers: usize,
    num_decoder_layers: Option<usize>,
    num_heads: usize,
    #[serde(default = "default_buckets")]
    relative_attention_num_buckets: usize,
    #[serde(default = "default_distance")]
    relative_attention_max_distance: usize,
    /// The maximum length in training; T5 itself has no limit.
    #[serde(default = "default_len")]
    n_positions: usize,
    #[serde(default)]
    dropout_rate: f32,
    #[serde(default = "default_epsilon")]
    layer_norm_epsilon: f32,
    #[serde(default = "default_activation")]
    feed_forward_proj: String,
    pad_token_id: u32,
    #[serde(deserialize_with = "required_id")]
    eos_token_id: u32,
    decoder_start_token_id: Option<u32>,
    tie_word_embeddings: Option<bool>,
    scale_decoder_outputs: Option<bool>,
}

fn default_buckets() -> usize {
    32
}

fn default_distance() -> usize {
    128
}

fn default_len() -> usize {
    512
}

fn default_epsilon() -> f32 {
    1e-6
}

fn default_activation() -> String {
    "relu".to_owned()
}

/// The name of GEGLU in T5, which uses the tanh approximation of GELU.
const GATED_GELU: &str = "gated-gelu";

const NAMES: &[Rule] = &[
    rule("embedding", "shared.weight"),
    rule("output", "lm_head.weight"),
    rule(
        "*.position_bias.weight",
        "*.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    ),
    rule("*.layers.*.self_attn.q_proj.weight", "*.block.*.layer.0.SelfAttention.q.weight"),
    rule("*.layers.*.self_attn.k_proj.weight", "*.block.*.layer.0.SelfAttention.k.weight"),
    rule("*.layers.*.self_attn.v_proj.weight", "*.block.*.layer.0.SelfAttention.v.weight"),
    rule("*.layers.*.self_attn.out_proj.weight", "*.block.*.layer.0.SelfAttention.o.weight"),
    rule("*.layers.*.self_attn_norm.weight", "*.block.*.layer.0.layer_norm.weight"),
    rule("*.layers.*.cross_attn.q_proj.weight", "*.block.*.layer.1.EncDecAttention.q.weight"),
    rule("*.layers.*.cross_attn.k_proj.weight", "*.block.*.layer.1.EncDecAttention.k.weight"),
    rule("*.layers.*.cross_attn.v_proj.weight", "*.block.*.layer.1.EncDecAttention.v.weight"),
    rule("*.layers.*.cross_attn.out_proj.weight", "*.block.*.layer.1.EncDecAttention.o.weight"),
    rule("*.layers.*.cross_attn_norm.weight", "*.block.*.layer.1.layer_norm.weight"),
    rule(
        "encoder.layers.*.feed_forward.down.weight",
        "encoder.block.*.layer.1.DenseReluDense.wo.weight",
    ),
    rule("encoder.layers.*.feed_forward_norm.weight", "encoder.block.*.layer.1.layer_norm.weight"),
    rule(
        "decoder.layers.*.feed_forward.down.weight",
        "decoder.block.*.layer.2.DenseReluDense.wo.weight",
    ),
    rule("decoder.layers.*.feed_forward_norm.weight", "decoder.block.*.layer.2.layer_norm.weight"),
    rule("*.final_norm.weight", "*.final_layer_norm.weight"),
];

const PLAIN: &[Rule] = &[
    rule(
        "encoder.layers.*.feed_forward.up.weight",
        "encoder.block.*.layer.1.DenseReluDense.wi.weight",
    ),
    rule(
        "decoder.layers.*.feed_forward.up.weight",
        "decoder.block.*.layer.2.DenseReluDense.wi.weight",
    ),
];

const GATED: &[Rule] = &[
    rule(
        "encoder.layers.*.feed_forward.gate.weight",
        "encoder.block.*.layer.1.DenseReluDense.wi_0.weight",
    ),
    rule(
        "encoder.layers.*.feed_forward.up.weight",
        "encoder.block.*.layer.1.DenseReluDense.wi_1.weight",
    ),
    rule(
        "decoder.layers.*.feed_forward.gate.weight",
        "decoder.block.*.layer.2.DenseReluDense.wi_0.weight",
    ),
    rule(
        "decoder.layers.*.feed_forward.up.weight",
        "decoder.block.*.layer.2.DenseReluDense.wi_1.weight",
    ),
];

impl Family<EncoderDecoderConfig> for T5 {
    fn model_type(&self) -> &'static str {
        self.model_type
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        (head == Head::Seq2SeqLm).then_some(self.architecture)
    }

    fn read(&self, file: &ConfigFile) -> Result<EncoderDecoderConfig, ModelError> {
        let keys: Keys = file.keys()?;
        let (gated, name) = match keys.feed_forward_proj.strip_prefix("gated-") {
            Some(name) => (true, name),
            None => (false, keys.feed_forward_proj.as_str()),
        };
        let activation = match keys.feed_forward_proj.as_str() {
            GATED_GELU => Activation::GeluTanh,
            _ => activation::find(file, "feed_forward_proj", name)?,
        };
        let (n_buckets, max_distance) =
            (keys.relative_attention_num_buckets, keys.relative_attention_max_distance);
        let tied_output = keys.tie_word_embeddings.unwrap_or(true);
        Ok(EncoderDecoderConfig {
            stack: StackConfig {
                d_model: keys.d_model,
                d_ff: keys.d_ff,
                n_heads: keys.num_heads,
                d_head: Some(keys.d_kv),
                attention_scale: Some(1.0),
                qkv_bias: false,
                attention_out_bias: false,
                positions: PositionKind::Relative { n_buckets, max_distance },
                max_len: keys.n_positions,
                norm: NormKind::Rms,
                norm_order: NormOrder::Pre,
                norm_epsilon: keys.layer_norm_epsilon,
                scale_embedding: false,
                activation,
                gated,
                feed_forward_bias: false,
                dropout: keys.dropout_rate,
                attention_dropout: keys.dropout_rate,
                activation_dropout: keys.dropout_rate,
                ..StackConfig::default()
            },
            n_encoder_layers: keys.num_layers,
            n_decoder_layers: keys.num_decoder_layers.unwrap_or(keys.num_layers),
            tied_output,
            scale_output: keys.scale_decoder_outputs.unwrap_or(tied_output),
            logits_bias: false,
            pad_id: keys.pad_token_id,
            eos_id: keys.eos_token_id,
            start_id: keys
                .decoder_start_token_id
                .or(file.generation_start)
                .unwrap_or(keys.pad_token_id),
            ..EncoderDecoderConfig::new(keys.vocab_size)
        })
    }

    fn write(&self, config: &EncoderDecoderConfig) -> Option<Map<String, Value>> {
        let stack = &config.stack;
        let PositionKind::Relative { n_buckets, max_distance } = stack.positions else {
            return None;
        };
        let feed_forward_proj = match (stack.gated, stack.activation) {
            (true, Activation::GeluTanh) => GATED_GELU.to_owned(),
            (true, other) => format!("gated-{}", activation::name(other)),
            (false, other) => activation::name(other),
        };
        let mut keys = to_object(&Keys {
            vocab_size: config.vocab_size,
            d_model: stack.d_model,
            d_kv: stack.d_head(),
            d_ff: stack.d_ff,
            num_layers: config.n_encoder_layers,
            num_decoder_layers: Some(config.n_decoder_layers),
            num_heads: stack.n_heads,
            relative_attention_num_buckets: n_buckets,
            relative_attention_max_distance: max_distance,
            n_positions: stack.max_len,
            dropout_rate: stack.dropout,
            layer_norm_epsilon: stack.norm_epsilon,
            feed_forward_proj,
            pad_token_id: config.pad_id,
            eos_token_id: config.eos_id,
            decoder_start_token_id: Some(config.start_id),
            tie_word_embeddings: Some(config.tied_output),
            scale_decoder_outputs: Some(config.scale_output),
        });
        keys.insert("is_encoder_decoder".to_owned(), json!(true));
        Some(keys)
    }

    fn names(&self, config: &EncoderDecoderConfig, _: Head) -> Names {
        let mut aliases = vec![
            ("shared.weight", "encoder.embed_tokens.weight"),
            ("shared.weight", "decoder.embed_tokens.weight"),
        ];
        if config.tied_output {
            aliases.push(("shared.weight", "lm_head.weight"));
        }
        Names {
            rules: vec![NAMES, if config.stack.gated { GATED } else { PLAIN }],
            aliases,
            // An unused table in files of older versions.
            ignored: vec!["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"],
            ..Names::default()
        }
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("d_head", "d_kv"),
            ("n_heads", "num_heads"),
            ("n_encoder_layers", "num_layers"),
            ("n_decoder_layers", "num_decoder_layers"),
            ("max_len", "n_positions"),
            ("n_buckets", "relative_attention_num_buckets"),
            ("max_distance", "relative_attention_max_distance"),
            ("dropout", "dropout_rate"),
            ("pad_id", "pad_token_id"),
            ("eos_id", "eos_token_id"),
            ("start_id", "decoder_start_token_id"),
        ]
    }
}
