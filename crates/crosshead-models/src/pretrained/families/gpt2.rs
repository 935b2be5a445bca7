//! GPT-2 (Radford et al. 2019).

use crosshead_blocks::NormOrder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Family, activation};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, first_id, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{CausalLmConfig, ModelError, PositionKind, StackConfig};

pub(super) struct Gpt2;

/// The keys of `config.json` that are read and written.
#[derive(Serialize, Deserialize)]
struct Keys {
    vocab_size: usize,
    n_positions: usize,
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_inner: Option<usize>,
    #[serde(default = "default_activation")]
    activation_function: String,
    #[serde(default)]
    resid_pdrop: f32,
    #[serde(default)]
    embd_pdrop: f32,
    #[serde(default)]
    attn_pdrop: f32,
    #[serde(default = "default_epsilon")]
    layer_norm_epsilon: f32,
    #[serde(default = "yes")]
    scale_attn_weights: bool,
    #[serde(default)]
    scale_attn_by_inverse_layer_idx: bool,
    #[serde(default)]
    add_cross_attention: bool,
    #[serde(default = "yes")]
    tie_word_embeddings: bool,
    #[serde(default, deserialize_with = "first_id")]
    bos_token_id: Option<u32>,
    #[serde(default, deserialize_with = "first_id")]
    eos_token_id: Option<u32>,
    #[serde(default, deserialize_with = "first_id")]
    pad_token_id: Option<u32>,
}

fn default_activation() -> String {
    "gelu_new".to_owned()
}

fn default_epsilon() -> f32 {
    1e-5
}

fn yes() -> bool {
    true
}

/// Projections are stored as `[d_in, d_out]`; those of queries, keys and values are concatenated.
const NAMES: &[Rule] = &[
    rule("embedding", "transformer.wte.weight"),
    rule("output", "lm_head.weight"),
    rule("input.positions.weight", "transformer.wpe.weight"),
    rule("decoder.layers.*.self_attn_norm.*", "transformer.h.*.ln_1.*"),
    rule("decoder.layers.*.self_attn.q_proj.*", "transformer.h.*.attn.c_attn.*").columns(0, 3),
    rule("decoder.layers.*.self_attn.k_proj.*", "transformer.h.*.attn.c_attn.*").columns(1, 3),
    rule("decoder.layers.*.self_attn.v_proj.*", "transformer.h.*.attn.c_attn.*").columns(2, 3),
    rule("decoder.layers.*.self_attn.out_proj.*", "transformer.h.*.attn.c_proj.*").transposed(),
    rule("decoder.layers.*.feed_forward_norm.*", "transformer.h.*.ln_2.*"),
    rule("decoder.layers.*.feed_forward.up.*", "transformer.h.*.mlp.c_fc.*").transposed(),
    rule("decoder.layers.*.feed_forward.down.*", "transformer.h.*.mlp.c_proj.*").transposed(),
    rule("decoder.final_norm.*", "transformer.ln_f.*"),
];

impl Family<CausalLmConfig> for Gpt2 {
    fn model_type(&self) -> &'static str {
        "gpt2"
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        (head == Head::CausalLm).then_some("GPT2LMHeadModel")
    }

    fn read(&self, file: &ConfigFile) -> Result<CausalLmConfig, ModelError> {
        let keys: Keys = file.keys()?;
        for (key, value) in [
            ("scale_attn_by_inverse_layer_idx", keys.scale_attn_by_inverse_layer_idx),
            ("add_cross_attention", keys.add_cross_attention),
        ] {
            if value {
                return Err(file.wrong(key, "true: not supported"));
            }
        }
        Ok(CausalLmConfig {
            vocab_size: keys.vocab_size,
            stack: StackConfig {
                d_model: keys.n_embd,
                d_ff: keys.n_inner.unwrap_or(keys.n_embd.saturating_mul(4)),
                n_heads: keys.n_head,
                attention_scale: (!keys.scale_attn_weights).then_some(1.0),
                positions: PositionKind::Learned { offset: 0 },
                max_len: keys.n_positions,
                norm_order: NormOrder::Pre,
                norm_epsilon: keys.layer_norm_epsilon,
                scale_embedding: false,
                activation: activation::find(
                    file,
                    "activation_function",
                    &keys.activation_function,
                )?,
                dropout: keys.resid_pdrop,
                embedding_dropout: (keys.embd_pdrop != keys.resid_pdrop).then_some(keys.embd_pdrop),
                attention_dropout: keys.attn_pdrop,
                ..StackConfig::default()
            },
            n_layers: keys.n_layer,
            tied_output: keys.tie_word_embeddings,
            bos_id: keys.bos_token_id,
            eos_id: keys.eos_token_id,
            pad_id: keys.pad_token_id,
        })
    }

    fn write(&self, config: &CausalLmConfig) -> Option<Map<String, Value>> {
        let stack = &config.stack;
        Some(to_object(&Keys {
            vocab_size: config.vocab_size,
            n_positions: stack.max_len,
            n_embd: stack.d_model,
            n_layer: config.n_layers,
            n_head: stack.n_heads,
            n_inner: Some(stack.d_ff),
            activation_function: activation::name(stack.activation),
            resid_pdrop: stack.dropout,
            embd_pdrop: stack.embedding_dropout(),
            attn_pdrop: stack.attention_dropout,
            layer_norm_epsilon: stack.norm_epsilon,
            scale_attn_weights: stack.attention_scale.is_none(),
            scale_attn_by_inverse_layer_idx: false,
            add_cross_attention: false,
            tie_word_embeddings: config.tied_output,
            bos_token_id: config.bos_id,
            eos_token_id: config.eos_id,
            pad_token_id: config.pad_id,
        }))
    }

    fn names(&self, config: &CausalLmConfig, _: Head) -> Names {
        let tied = [("transformer.wte.weight", "lm_head.weight")];
        Names {
            rules: vec![NAMES],
            prefix: "transformer",
            aliases: if config.tied_output { tied.to_vec() } else { Vec::new() },
            // Causal masks in files of older versions.
            ignored: vec!["transformer.h.*.attn.bias", "transformer.h.*.attn.masked_bias"],
            ..Names::default()
        }
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("d_model", "n_embd"),
            ("d_ff", "n_inner"),
            ("n_heads", "n_head"),
            ("n_layers", "n_layer"),
            ("max_len", "n_positions"),
            ("dropout", "resid_pdrop"),
            ("embedding_dropout", "embd_pdrop"),
            ("attention_dropout", "attn_pdrop"),
            ("bos_id", "bos_token_id"),
            ("eos_id", "eos_token_id"),
            ("pad_id", "pad_token_id"),
        ]
    }
}
