//! BERT (Devlin et al. 2019).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{EncoderFamily, Family, activation};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{
    ClassifierHead, EncoderConfig, ModelError, PoolerActivation, Pooling, PositionKind, StackConfig,
};

pub(super) struct Bert;

/// The keys of `config.json` that are read and written, for BERT and families like it.
#[derive(Serialize, Deserialize)]
pub(super) struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    #[serde(default = "default_activation")]
    hidden_act: String,
    #[serde(default = "default_dropout")]
    hidden_dropout_prob: f32,
    #[serde(default = "default_dropout")]
    attention_probs_dropout_prob: f32,
    max_position_embeddings: usize,
    #[serde(default = "default_types")]
    type_vocab_size: usize,
    #[serde(default = "default_epsilon")]
    layer_norm_eps: f32,
    pad_token_id: Option<u32>,
    #[serde(default = "default_positions")]
    position_embedding_type: String,
    #[serde(default)]
    is_decoder: bool,
    #[serde(default = "yes")]
    tie_word_embeddings: bool,
}

#[derive(Serialize, Deserialize)]
struct ClassifierKeys {
    classifier_dropout: Option<f32>,
}

fn default_activation() -> String {
    "gelu".to_owned()
}

fn default_dropout() -> f32 {
    0.1
}

fn default_types() -> usize {
    2
}

fn default_epsilon() -> f32 {
    1e-12
}

fn default_positions() -> String {
    "absolute".to_owned()
}

fn yes() -> bool {
    true
}

const ENCODER: &[Rule] = &[
    rule("embedding", "bert.embeddings.word_embeddings.weight"),
    rule("token_types", "bert.embeddings.token_type_embeddings.weight"),
    rule("input.positions.weight", "bert.embeddings.position_embeddings.weight"),
    rule("input.norm.*", "bert.embeddings.LayerNorm.*"),
    rule("encoder.layers.*.self_attn.q_proj.*", "bert.encoder.layer.*.attention.self.query.*"),
    rule("encoder.layers.*.self_attn.k_proj.*", "bert.encoder.layer.*.attention.self.key.*"),
    rule("encoder.layers.*.self_attn.v_proj.*", "bert.encoder.layer.*.attention.self.value.*"),
    rule("encoder.layers.*.self_attn.out_proj.*", "bert.encoder.layer.*.attention.output.dense.*"),
    rule("encoder.layers.*.self_attn_norm.*", "bert.encoder.layer.*.attention.output.LayerNorm.*"),
    rule("encoder.layers.*.feed_forward.up.*", "bert.encoder.layer.*.intermediate.dense.*"),
    rule("encoder.layers.*.feed_forward.down.*", "bert.encoder.layer.*.output.dense.*"),
    rule("encoder.layers.*.feed_forward_norm.*", "bert.encoder.layer.*.output.LayerNorm.*"),
];

const MASKED_LM: &[Rule] = &[
    rule("transform.*", "cls.predictions.transform.dense.*"),
    rule("transform_norm.*", "cls.predictions.transform.LayerNorm.*"),
    rule("output_bias", "cls.predictions.bias"),
];

const SEQUENCE_CLASSIFIER: &[Rule] =
    &[rule("pooler.*", "bert.pooler.dense.*"), rule("classifier.*", "classifier.*")];

const TOKEN_CLASSIFIER: &[Rule] = &[rule("classifier.*", "classifier.*")];

impl Keys {
    /// The configuration. `default_pad` is the default padding id.
    pub(super) fn config(
        self,
        file: &ConfigFile,
        default_pad: u32,
    ) -> Result<EncoderConfig, ModelError> {
        if self.position_embedding_type != "absolute" {
            let reason = format!("{}: only absolute is supported", self.position_embedding_type);
            return Err(file.wrong("position_embedding_type", reason));
        }
        if self.is_decoder {
            return Err(file.wrong("is_decoder", "true: not supported"));
        }
        if !self.tie_word_embeddings {
            return Err(file.wrong("tie_word_embeddings", "false: not supported"));
        }
        Ok(EncoderConfig {
            vocab_size: self.vocab_size,
            stack: StackConfig {
                d_model: self.hidden_size,
                d_ff: self.intermediate_size,
                n_heads: self.num_attention_heads,
                positions: PositionKind::Learned { offset: 0 },
                max_len: self.max_position_embeddings,
                norm_epsilon: self.layer_norm_eps,
                embedding_norm: true,
                scale_embedding: false,
                activation: activation::find(file, "hidden_act", &self.hidden_act)?,
                dropout: self.hidden_dropout_prob,
                attention_dropout: self.attention_probs_dropout_prob,
                ..StackConfig::default()
            },
            n_layers: self.num_hidden_layers,
            n_groups: None,
            d_embedding: None,
            n_token_types: self.type_vocab_size,
            pad_id: self.pad_token_id.unwrap_or(default_pad),
        })
    }

    /// The keys of a configuration.
    pub(super) fn of(config: &EncoderConfig) -> Self {
        let stack = &config.stack;
        Self {
            vocab_size: config.vocab_size,
            hidden_size: stack.d_model,
            num_hidden_layers: config.n_layers,
            num_attention_heads: stack.n_heads,
            intermediate_size: stack.d_ff,
            hidden_act: activation::name(stack.activation),
            hidden_dropout_prob: stack.dropout,
            attention_probs_dropout_prob: stack.attention_dropout,
            max_position_embeddings: stack.max_len,
            type_vocab_size: config.n_token_types,
            layer_norm_eps: stack.norm_epsilon,
            pad_token_id: Some(config.pad_id),
            position_embedding_type: default_positions(),
            is_decoder: false,
            tie_word_embeddings: true,
        }
    }
}

/// Our names and the corresponding keys of BERT, for messages.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("d_model", "hidden_size"),
    ("d_ff", "intermediate_size"),
    ("n_heads", "num_attention_heads"),
    ("n_layers", "num_hidden_layers"),
    ("max_len", "max_position_embeddings"),
    ("dropout", "hidden_dropout_prob"),
    ("attention_dropout", "attention_probs_dropout_prob"),
    ("n_token_types", "type_vocab_size"),
    ("pad_id", "pad_token_id"),
];

/// The sequence classification head. Its dropout defaults to that of the encoder.
pub(super) fn classifier(
    file: &ConfigFile,
    n_classes: usize,
) -> Result<ClassifierHead, ModelError> {
    #[derive(Deserialize)]
    struct Dropout {
        classifier_dropout: Option<f32>,
        #[serde(default = "default_dropout")]
        hidden_dropout_prob: f32,
    }
    let keys: Dropout = file.keys()?;
    Ok(ClassifierHead {
        dropout: keys.classifier_dropout.unwrap_or(keys.hidden_dropout_prob),
        ..ClassifierHead::new(n_classes)
    })
}

/// The keys of a sequence classification head with the first token and tanh.
pub(super) fn write_classifier(head: &ClassifierHead) -> Option<Map<String, Value>> {
    let is_ours = head.pooling == Pooling::First && head.activation == PoolerActivation::Tanh;
    is_ours.then(|| to_object(&ClassifierKeys { classifier_dropout: Some(head.dropout) }))
}

impl Family<EncoderConfig> for Bert {
    fn model_type(&self) -> &'static str {
        "bert"
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        Some(match head {
            Head::Encoder => "BertModel",
            Head::MaskedLm => "BertForMaskedLM",
            Head::SequenceClassifier => "BertForSequenceClassification",
            Head::TokenClassifier => "BertForTokenClassification",
            Head::Seq2SeqLm | Head::CausalLm => return None,
        })
    }

    fn read(&self, file: &ConfigFile) -> Result<EncoderConfig, ModelError> {
        file.keys::<Keys>()?.config(file, 0)
    }

    fn write(&self, config: &EncoderConfig) -> Option<Map<String, Value>> {
        // BERT in transformers always has token types.
        (config.n_token_types > 0).then(|| to_object(&Keys::of(config)))
    }

    fn names(&self, _: &EncoderConfig, head: Head) -> Names {
        let (rules, ignored): (&[Rule], &[&str]) = match head {
            Head::MaskedLm => (MASKED_LM, &["bert.pooler.dense.*", "cls.seq_relationship.*"]),
            Head::SequenceClassifier => (SEQUENCE_CLASSIFIER, &[]),
            Head::TokenClassifier => (TOKEN_CLASSIFIER, &["bert.pooler.dense.*"]),
            Head::Encoder | Head::Seq2SeqLm | Head::CausalLm => {
                (&[], &["bert.pooler.dense.*", "cls.**", "classifier.*"])
            }
        };
        let mut names = Names {
            rules: vec![ENCODER, rules],
            ours_prefix: if head == Head::Encoder { "" } else { "encoder." },
            prefix: "bert",
            bare: head == Head::Encoder,
            // Names in checkpoints converted from TensorFlow.
            aliases: vec![
                ("**.LayerNorm.weight", "**.LayerNorm.gamma"),
                ("**.LayerNorm.bias", "**.LayerNorm.beta"),
            ],
            ignored: [&["bert.embeddings.position_ids"], ignored].concat(),
            ..Names::default()
        };
        if head == Head::MaskedLm {
            names.aliases.extend([
                ("bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"),
                ("cls.predictions.bias", "cls.predictions.decoder.bias"),
            ]);
        }
        names
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        KEYS
    }
}

impl EncoderFamily for Bert {
    fn classifier(
        &self,
        file: &ConfigFile,
        n_classes: usize,
    ) -> Result<ClassifierHead, ModelError> {
        classifier(file, n_classes)
    }

    fn write_classifier(&self, head: &ClassifierHead) -> Option<Map<String, Value>> {
        write_classifier(head)
    }
}
