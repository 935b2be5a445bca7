//! Llama (Touvron et al. 2023) and the families that share its keys and names: Mistral (Jiang et al. 2023) and Qwen2
//! (Yang et al. 2024).

use crosshead_blocks::{NormKind, NormOrder};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Family, activation, rope};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, first_id, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{CausalLmConfig, ModelError, PositionKind, StackConfig};

/// A family with the keys and names of Llama.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Variant {
    /// Biases are configurable.
    Llama,
    /// No biases, sliding window.
    Mistral,
    /// Biases of queries, keys and values, optional sliding window.
    Qwen2,
}

/// The keys of `config.json` that are read and written.
#[derive(Serialize, Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_dim: Option<usize>,
    #[serde(default = "default_activation")]
    hidden_act: String,
    max_position_embeddings: usize,
    #[serde(default = "default_epsilon")]
    rms_norm_eps: f32,
    #[serde(default)]
    attention_dropout: f32,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    #[serde(default)]
    tie_word_embeddings: bool,
    sliding_window: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    use_sliding_window: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_window_layers: Option<usize>,
    #[serde(default, deserialize_with = "first_id")]
    bos_token_id: Option<u32>,
    #[serde(default, deserialize_with = "first_id")]
    eos_token_id: Option<u32>,
    #[serde(default, deserialize_with = "first_id")]
    pad_token_id: Option<u32>,
}

fn default_activation() -> String {
    "silu".to_owned()
}

fn default_epsilon() -> f32 {
    1e-6
}

const NAMES: &[Rule] = &[
    rule("embedding", "model.embed_tokens.weight"),
    rule("output", "lm_head.weight"),
    rule("decoder.layers.*.self_attn_norm.*", "model.layers.*.input_layernorm.*"),
    rule("decoder.layers.*.self_attn.q_proj.*", "model.layers.*.self_attn.q_proj.*"),
    rule("decoder.layers.*.self_attn.k_proj.*", "model.layers.*.self_attn.k_proj.*"),
    rule("decoder.layers.*.self_attn.v_proj.*", "model.layers.*.self_attn.v_proj.*"),
    rule("decoder.layers.*.self_attn.out_proj.*", "model.layers.*.self_attn.o_proj.*"),
    rule("decoder.layers.*.feed_forward_norm.*", "model.layers.*.post_attention_layernorm.*"),
    rule("decoder.layers.*.feed_forward.gate.*", "model.layers.*.mlp.gate_proj.*"),
    rule("decoder.layers.*.feed_forward.up.*", "model.layers.*.mlp.up_proj.*"),
    rule("decoder.layers.*.feed_forward.down.*", "model.layers.*.mlp.down_proj.*"),
    rule("decoder.final_norm.*", "model.norm.*"),
];

impl Family<CausalLmConfig> for Variant {
    fn model_type(&self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
        }
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        (head == Head::CausalLm).then_some(match self {
            Self::Llama => "LlamaForCausalLM",
            Self::Mistral => "MistralForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
        })
    }

    fn read(&self, file: &ConfigFile) -> Result<CausalLmConfig, ModelError> {
        let keys: Keys = file.keys()?;
        let d_head = keys.head_dim.unwrap_or(keys.hidden_size / keys.num_attention_heads.max(1));
        let rotary = rope::read(file, d_head, keys.max_position_embeddings)?;
        let (qkv_bias, out_bias, mlp_bias) = match self {
            Self::Llama => (keys.attention_bias, keys.attention_bias, keys.mlp_bias),
            Self::Mistral => (false, false, false),
            Self::Qwen2 => (true, false, false),
        };
        Ok(CausalLmConfig {
            vocab_size: keys.vocab_size,
            stack: StackConfig {
                d_model: keys.hidden_size,
                d_ff: keys.intermediate_size,
                n_heads: keys.num_attention_heads,
                n_kv_heads: keys.num_key_value_heads.filter(|&n| n != keys.num_attention_heads),
                d_head: keys
                    .head_dim
                    .filter(|&n| Some(keys.hidden_size) != n.checked_mul(keys.num_attention_heads)),
                qkv_bias,
                attention_out_bias: out_bias,
                window: self.window(file, &keys)?,
                positions: PositionKind::Rotary(rotary),
                max_len: keys.max_position_embeddings,
                norm: NormKind::Rms,
                norm_order: NormOrder::Pre,
                norm_epsilon: keys.rms_norm_eps,
                scale_embedding: false,
                activation: activation::find(file, "hidden_act", &keys.hidden_act)?,
                gated: true,
                feed_forward_bias: mlp_bias,
                dropout: 0.0,
                attention_dropout: keys.attention_dropout,
                ..StackConfig::default()
            },
            n_layers: keys.num_hidden_layers,
            tied_output: keys.tie_word_embeddings,
            bos_id: keys.bos_token_id,
            eos_id: keys.eos_token_id,
            pad_id: keys.pad_token_id,
        })
    }

    fn write(&self, config: &CausalLmConfig) -> Option<Map<String, Value>> {
        let stack = &config.stack;
        let PositionKind::Rotary(rotary) = &stack.positions else { return None };
        let is_qwen2 = *self == Self::Qwen2;
        let mut object = to_object(&Keys {
            vocab_size: config.vocab_size,
            hidden_size: stack.d_model,
            intermediate_size: stack.d_ff,
            num_hidden_layers: config.n_layers,
            num_attention_heads: stack.n_heads,
            num_key_value_heads: Some(stack.n_kv_heads()),
            head_dim: Some(stack.d_head()),
            hidden_act: activation::name(stack.activation),
            max_position_embeddings: stack.max_len,
            rms_norm_eps: stack.norm_epsilon,
            attention_dropout: stack.attention_dropout,
            attention_bias: stack.attention_out_bias,
            mlp_bias: stack.feed_forward_bias,
            tie_word_embeddings: config.tied_output,
            sliding_window: stack.window,
            use_sliding_window: is_qwen2.then_some(stack.window.is_some()),
            max_window_layers: is_qwen2.then_some(0),
            bos_token_id: config.bos_id,
            eos_token_id: config.eos_id,
            pad_token_id: config.pad_id,
        });
        object.extend(rope::write(rotary));
        Some(object)
    }

    fn names(&self, config: &CausalLmConfig, _: Head) -> Names {
        let tied = [("model.embed_tokens.weight", "lm_head.weight")];
        Names {
            rules: vec![NAMES],
            prefix: "model",
            aliases: if config.tied_output { tied.to_vec() } else { Vec::new() },
            // Frequencies in files of older versions. They are computed.
            ignored: vec!["model.layers.*.self_attn.rotary_emb.inv_freq"],
            ..Names::default()
        }
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("d_model", "hidden_size"),
            ("d_ff", "intermediate_size"),
            ("n_heads", "num_attention_heads"),
            ("n_kv_heads", "num_key_value_heads"),
            ("d_head", "head_dim"),
            ("n_layers", "num_hidden_layers"),
            ("max_len", "max_position_embeddings"),
            ("window", "sliding_window"),
            ("bos_id", "bos_token_id"),
            ("eos_id", "eos_token_id"),
            ("pad_id", "pad_token_id"),
        ]
    }
}

impl Variant {
    /// The sliding window of every layer.
    fn window(self, file: &ConfigFile, keys: &Keys) -> Result<Option<usize>, ModelError> {
        let windowed = match self {
            Self::Llama => false,
            Self::Mistral => true,
            // The first `max_window_layers` layers have full attention; the default in Qwen2 is 28.
            Self::Qwen2 if keys.use_sliding_window == Some(true) => {
                let full = keys.max_window_layers.unwrap_or(28);
                if (1..keys.num_hidden_layers).contains(&full) {
                    let reason = format!(
                        "{full} of {} layers have full attention; only all or none are supported",
                        keys.num_hidden_layers
                    );
                    return Err(file.wrong("max_window_layers", reason));
                }
                full == 0
            }
            Self::Qwen2 => false,
        };
        Ok(keys.sliding_window.filter(|_| windowed))
    }
}
