//! DistilBERT (Sanh et al. 2019).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{EncoderFamily, Family, activation};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{
    ClassifierHead, EncoderConfig, ModelError, PoolerActivation, Pooling, PositionKind, StackConfig,
};

pub(super) struct DistilBert;

/// The ε of every norm, for which `config.json` has no key.
const EPSILON: f32 = 1e-12;

/// The keys of `config.json` that are read and written.
#[derive(Serialize, Deserialize)]
struct Keys {
    vocab_size: usize,
    dim: usize,
    hidden_dim: usize,
    n_layers: usize,
    n_heads: usize,
    max_position_embeddings: usize,
    #[serde(default = "default_activation")]
    activation: String,
    #[serde(default = "default_dropout")]
    dropout: f32,
    #[serde(default = "default_dropout")]
    attention_dropout: f32,
    #[serde(default)]
    pad_token_id: u32,
}

#[derive(Serialize, Deserialize)]
struct ClassifierKeys {
    #[serde(default = "default_classifier_dropout")]
    seq_classif_dropout: f32,
}

fn default_activation() -> String {
    "gelu".to_owned()
}

fn default_dropout() -> f32 {
    0.1
}

fn default_classifier_dropout() -> f32 {
    0.2
}

const ENCODER: &[Rule] = &[
    rule("embedding", "distilbert.embeddings.word_embeddings.weight"),
    rule("input.positions.weight", "distilbert.embeddings.position_embeddings.weight"),
    rule("input.norm.*", "distilbert.embeddings.LayerNorm.*"),
    rule("encoder.layers.*.self_attn.q_proj.*", "distilbert.transformer.layer.*.attention.q_lin.*"),
    rule("encoder.layers.*.self_attn.k_proj.*", "distilbert.transformer.layer.*.attention.k_lin.*"),
    rule("encoder.layers.*.self_attn.v_proj.*", "distilbert.transformer.layer.*.attention.v_lin.*"),
    rule(
        "encoder.layers.*.self_attn.out_proj.*",
        "distilbert.transformer.layer.*.attention.out_lin.*",
    ),
    rule("encoder.layers.*.self_attn_norm.*", "distilbert.transformer.layer.*.sa_layer_norm.*"),
    rule("encoder.layers.*.feed_forward.up.*", "distilbert.transformer.layer.*.ffn.lin1.*"),
    rule("encoder.layers.*.feed_forward.down.*", "distilbert.transformer.layer.*.ffn.lin2.*"),
    rule(
        "encoder.layers.*.feed_forward_norm.*",
        "distilbert.transformer.layer.*.output_layer_norm.*",
    ),
];

const HEADS: &[Rule] = &[
    rule("transform.*", "vocab_transform.*"),
    rule("transform_norm.*", "vocab_layer_norm.*"),
    rule("output_bias", "vocab_projector.bias"),
    rule("pooler.*", "pre_classifier.*"),
    rule("classifier.*", "classifier.*"),
];

impl Family<EncoderConfig> for DistilBert {
    fn model_type(&self) -> &'static str {
        "distilbert"
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        Some(match head {
            Head::Encoder => "DistilBertModel",
            Head::MaskedLm => "DistilBertForMaskedLM",
            Head::SequenceClassifier => "DistilBertForSequenceClassification",
            Head::TokenClassifier => "DistilBertForTokenClassification",
            Head::Seq2SeqLm | Head::CausalLm => return None,
        })
    }

    fn read(&self, file: &ConfigFile) -> Result<EncoderConfig, ModelError> {
        let keys: Keys = file.keys()?;
        Ok(EncoderConfig {
            stack: StackConfig {
                d_model: keys.dim,
                d_ff: keys.hidden_dim,
                n_heads: keys.n_heads,
                positions: PositionKind::Learned { offset: 0 },
                max_len: keys.max_position_embeddings,
                norm_epsilon: EPSILON,
                embedding_norm: true,
                scale_embedding: false,
                activation: activation::find(file, "activation", &keys.activation)?,
                dropout: keys.dropout,
                attention_dropout: keys.attention_dropout,
                ..StackConfig::default()
            },
            vocab_size: keys.vocab_size,
            n_layers: keys.n_layers,
            n_groups: None,
            d_embedding: None,
            n_token_types: 0,
            pad_id: keys.pad_token_id,
        })
    }

    fn write(&self, config: &EncoderConfig) -> Option<Map<String, Value>> {
        let stack = &config.stack;
        Some(to_object(&Keys {
            vocab_size: config.vocab_size,
            dim: stack.d_model,
            hidden_dim: stack.d_ff,
            n_layers: config.n_layers,
            n_heads: stack.n_heads,
            max_position_embeddings: stack.max_len,
            activation: activation::name(stack.activation),
            dropout: stack.dropout,
            attention_dropout: stack.attention_dropout,
            pad_token_id: config.pad_id,
        }))
    }

    fn names(&self, _: &EncoderConfig, head: Head) -> Names {
        let mut names = Names {
            rules: vec![ENCODER, HEADS],
            ours_prefix: if head == Head::Encoder { "" } else { "encoder." },
            prefix: "distilbert",
            bare: head == Head::Encoder,
            ignored: vec!["distilbert.embeddings.position_ids"],
            ..Names::default()
        };
        match head {
            Head::MaskedLm => names
                .aliases
                .push(("distilbert.embeddings.word_embeddings.weight", "vocab_projector.weight")),
            Head::Encoder => names.ignored.extend([
                "vocab_transform.*",
                "vocab_layer_norm.*",
                "vocab_projector.*",
                "pre_classifier.*",
                "classifier.*",
            ]),
            Head::SequenceClassifier | Head::TokenClassifier | Head::Seq2SeqLm | Head::CausalLm => {
            }
        }
        names
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("d_model", "dim"),
            ("d_ff", "hidden_dim"),
            ("max_len", "max_position_embeddings"),
            ("pad_id", "pad_token_id"),
        ]
    }
}

impl EncoderFamily for DistilBert {
    fn classifier(
        &self,
        file: &ConfigFile,
        n_classes: usize,
    ) -> Result<ClassifierHead, ModelError> {
        let keys: ClassifierKeys = file.keys()?;
        Ok(ClassifierHead {
            n_classes,
            pooling: Pooling::First,
            activation: PoolerActivation::Relu,
            dropout: keys.seq_classif_dropout,
        })
    }

    fn write_classifier(&self, head: &ClassifierHead) -> Option<Map<String, Value>> {
        let is_ours = head.pooling == Pooling::First && head.activation == PoolerActivation::Relu;
        is_ours.then(|| to_object(&ClassifierKeys { seq_classif_dropout: head.dropout }))
    }

    fn token_dropout(&self, file: &ConfigFile) -> Result<f32, ModelError> {
        Ok(file.keys::<Keys>()?.dropout)
    }

    fn write_token_dropout(&self, _: f32) -> Option<Map<String, Value>> {
        Some(Map::new())
    }
}
