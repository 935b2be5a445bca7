//! ALBERT (Lan et al. 2020).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bert::{self, Keys};
use super::{EncoderFamily, Family};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{ClassifierHead, EncoderConfig, ModelError};

pub(super) struct Albert;

/// The keys that BERT does not have.
#[derive(Serialize, Deserialize)]
struct OwnKeys {
    #[serde(default = "default_embedding_size")]
    embedding_size: usize,
    #[serde(default = "one")]
    num_hidden_groups: usize,
    #[serde(default = "one")]
    inner_group_num: usize,
}

#[derive(Serialize, Deserialize)]
struct ClassifierKeys {
    #[serde(default = "default_classifier_dropout")]
    classifier_dropout_prob: f32,
}

fn default_embedding_size() -> usize {
    128
}

fn one() -> usize {
    1
}

fn default_classifier_dropout() -> f32 {
    0.1
}

const ENCODER: &[Rule] = &[
    rule("embedding", "albert.embeddings.word_embeddings.weight"),
    rule("token_types", "albert.embeddings.token_type_embeddings.weight"),
    rule("input.positions.weight", "albert.embeddings.position_embeddings.weight"),
    rule("input.norm.*", "albert.embeddings.LayerNorm.*"),
    rule("input.projection.*", "albert.encoder.embedding_hidden_mapping_in.*"),
    rule(
        "encoder.layers.*.self_attn.q_proj.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.attention.query.*",
    ),
    rule(
        "encoder.layers.*.self_attn.k_proj.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.attention.key.*",
    ),
    rule(
        "encoder.layers.*.self_attn.v_proj.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.attention.value.*",
    ),
    rule(
        "encoder.layers.*.self_attn.out_proj.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.attention.dense.*",
    ),
    rule(
        "encoder.layers.*.self_attn_norm.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.attention.LayerNorm.*",
    ),
    rule(
        "encoder.layers.*.feed_forward.up.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.ffn.*",
    ),
    rule(
        "encoder.layers.*.feed_forward.down.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.ffn_output.*",
    ),
    rule(
        "encoder.layers.*.feed_forward_norm.*",
        "albert.encoder.albert_layer_groups.*.albert_layers.0.full_layer_layer_norm.*",
    ),
];

const MASKED_LM: &[Rule] = &[
    rule("transform.*", "predictions.dense.*"),
    rule("transform_norm.*", "predictions.LayerNorm.*"),
    rule("output_bias", "predictions.bias"),
];

const SEQUENCE_CLASSIFIER: &[Rule] =
    &[rule("pooler.*", "albert.pooler.*"), rule("classifier.*", "classifier.*")];

const TOKEN_CLASSIFIER: &[Rule] = &[rule("classifier.*", "classifier.*")];

impl Family<EncoderConfig> for Albert {
    fn model_type(&self) -> &'static str {
        "albert"
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        Some(match head {
            Head::Encoder => "AlbertModel",
            Head::MaskedLm => "AlbertForMaskedLM",
            Head::SequenceClassifier => "AlbertForSequenceClassification",
            Head::TokenClassifier => "AlbertForTokenClassification",
            Head::Seq2SeqLm | Head::CausalLm => return None,
        })
    }

    fn read(&self, file: &ConfigFile) -> Result<EncoderConfig, ModelError> {
        let config = file.keys::<Keys>()?.config(file, 0)?;
        let own: OwnKeys = file.keys()?;
        if own.inner_group_num != 1 {
            let reason = format!("{}: only groups of one layer are supported", own.inner_group_num);
            return Err(file.wrong("inner_group_num", reason));
        }
        Ok(EncoderConfig {
            n_groups: Some(own.num_hidden_groups),
            d_embedding: Some(own.embedding_size),
            ..config
        })
    }

    fn write(&self, config: &EncoderConfig) -> Option<Map<String, Value>> {
        let mut keys = to_object(&Keys::of(config));
        keys.extend(to_object(&OwnKeys {
            embedding_size: config.d_embedding?,
            num_hidden_groups: config.n_groups?,
            inner_group_num: 1,
        }));
        (config.n_token_types > 0).then_some(keys)
    }

    fn names(&self, _: &EncoderConfig, head: Head) -> Names {
        let (rules, ignored): (&[Rule], &[&str]) = match head {
            Head::MaskedLm => (MASKED_LM, &["albert.pooler.*", "sop_classifier.classifier.*"]),
            Head::SequenceClassifier => (SEQUENCE_CLASSIFIER, &[]),
            Head::TokenClassifier => (TOKEN_CLASSIFIER, &["albert.pooler.*"]),
            Head::Encoder | Head::Seq2SeqLm | Head::CausalLm => (
                &[],
                &[
                    "albert.pooler.*",
                    "predictions.**",
                    "sop_classifier.classifier.*",
                    "classifier.*",
                ],
            ),
        };
        let mut names = Names {
            rules: vec![ENCODER, rules],
            ours_prefix: if head == Head::Encoder { "" } else { "encoder." },
            prefix: "albert",
            bare: head == Head::Encoder,
            ignored: [&["albert.embeddings.position_ids"], ignored].concat(),
            ..Names::default()
        };
        if head == Head::MaskedLm {
            names.aliases.extend([
                ("albert.embeddings.word_embeddings.weight", "predictions.decoder.weight"),
                ("predictions.bias", "predictions.decoder.bias"),
            ]);
        }
        names
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("d_model", "hidden_size"),
            ("d_ff", "intermediate_size"),
            ("d_embedding", "embedding_size"),
            ("n_heads", "num_attention_heads"),
            ("n_layers", "num_hidden_layers"),
            ("n_groups", "num_hidden_groups"),
            ("max_len", "max_position_embeddings"),
            ("pad_id", "pad_token_id"),
        ]
    }
}

impl EncoderFamily for Albert {
    fn classifier(
        &self,
        file: &ConfigFile,
        n_classes: usize,
    ) -> Result<ClassifierHead, ModelError> {
        let keys: ClassifierKeys = file.keys()?;
        Ok(ClassifierHead {
            dropout: keys.classifier_dropout_prob,
            ..ClassifierHead::new(n_classes)
        })
    }

    fn write_classifier(&self, head: &ClassifierHead) -> Option<Map<String, Value>> {
        bert::write_classifier(head)?;
        Some(to_object(&ClassifierKeys { classifier_dropout_prob: head.dropout }))
    }
}
