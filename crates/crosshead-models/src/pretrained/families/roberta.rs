//! RoBERTa (Liu et al. 2019) and the families that share its keys and names: XLM-RoBERTa (Conneau et al. 2020) and
//! CamemBERT (Martin et al. 2020).

use crosshead_kernels::Activation;
use serde_json::{Map, Value, json};

use super::bert::{self, Keys};
use super::{EncoderFamily, Family};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{ClassifierHead, EncoderConfig, ModelError, PositionKind};

/// A family with the keys and names of RoBERTa.
pub(super) struct Roberta {
    model_type: &'static str,
    /// The classes in transformers: encoder, masked language modeling, sequence and token classification.
    classes: [&'static str; 4],
}

pub(super) static ROBERTA: Roberta = Roberta {
    model_type: "roberta",
    classes: [
        "RobertaModel",
        "RobertaForMaskedLM",
        "RobertaForSequenceClassification",
        "RobertaForTokenClassification",
    ],
};

pub(super) static XLM_ROBERTA: Roberta = Roberta {
    model_type: "xlm-roberta",
    classes: [
        "XLMRobertaModel",
        "XLMRobertaForMaskedLM",
        "XLMRobertaForSequenceClassification",
        "XLMRobertaForTokenClassification",
    ],
};

pub(super) static CAMEMBERT: Roberta = Roberta {
    model_type: "camembert",
    classes: [
        "CamembertModel",
        "CamembertForMaskedLM",
        "CamembertForSequenceClassification",
        "CamembertForTokenClassification",
    ],
};

/// The default of `pad_token_id`.
const DEFAULT_PAD: u32 = 1;

const ENCODER: &[Rule] = &[
    rule("embedding", "roberta.embeddings.word_embeddings.weight"),
    rule("token_types", "roberta.embeddings.token_type_embeddings.weight"),
    rule("input.positions.weight", "roberta.embeddings.position_embeddings.weight"),
    rule("input.norm.*", "roberta.embeddings.LayerNorm.*"),
    rule("encoder.layers.*.self_attn.q_proj.*", "roberta.encoder.layer.*.attention.self.query.*"),
    rule("encoder.layers.*.self_attn.k_proj.*", "roberta.encoder.layer.*.attention.self.key.*"),
    rule("encoder.layers.*.self_attn.v_proj.*", "roberta.encoder.layer.*.attention.self.value.*"),
    rule(
        "encoder.layers.*.self_attn.out_proj.*",
        "roberta.encoder.layer.*.attention.output.dense.*",
    ),
    rule(
        "encoder.layers.*.self_attn_norm.*",
        "roberta.encoder.layer.*.attention.output.LayerNorm.*",
    ),
    rule("encoder.layers.*.feed_forward.up.*", "roberta.encoder.layer.*.intermediate.dense.*"),
    rule("encoder.layers.*.feed_forward.down.*", "roberta.encoder.layer.*.output.dense.*"),
    rule("encoder.layers.*.feed_forward_norm.*", "roberta.encoder.layer.*.output.LayerNorm.*"),
];

const MASKED_LM: &[Rule] = &[
    rule("transform.*", "lm_head.dense.*"),
    rule("transform_norm.*", "lm_head.layer_norm.*"),
    rule("output_bias", "lm_head.bias"),
];

const SEQUENCE_CLASSIFIER: &[Rule] =
    &[rule("pooler.*", "classifier.dense.*"), rule("classifier.*", "classifier.out_proj.*")];

const TOKEN_CLASSIFIER: &[Rule] = &[rule("classifier.*", "classifier.*")];

impl Family<EncoderConfig> for Roberta {
    fn model_type(&self) -> &'static str {
        self.model_type
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        let [encoder, masked_lm, sequence, token] = self.classes;
        Some(match head {
            Head::Encoder => encoder,
            Head::MaskedLm => masked_lm,
            Head::SequenceClassifier => sequence,
            Head::TokenClassifier => token,
            Head::Seq2SeqLm | Head::CausalLm => return None,
        })
    }

    fn read(&self, file: &ConfigFile) -> Result<EncoderConfig, ModelError> {
        let mut config = file.keys::<Keys>()?.config(file, DEFAULT_PAD)?;
        if config.stack.activation != Activation::Gelu {
            return Err(file.wrong(
                "hidden_act",
                "only gelu is supported: the head of RoBERTa always uses it",
            ));
        }
        // Position 0 is the row after the padding id.
        let offset = config.pad_id as usize + 1;
        config.stack.max_len = config.stack.max_len.saturating_sub(offset);
        config.stack.positions = PositionKind::Learned { offset };
        Ok(config)
    }

    fn write(&self, config: &EncoderConfig) -> Option<Map<String, Value>> {
        let mut keys = to_object(&Keys::of(config));
        let rows = config.stack.max_len + config.pad_id as usize + 1;
        keys.insert("max_position_embeddings".to_owned(), json!(rows));
        (config.n_token_types > 0).then_some(keys)
    }

    fn names(&self, _: &EncoderConfig, head: Head) -> Names {
        let (rules, ignored): (&[Rule], &[&str]) = match head {
            Head::MaskedLm => (MASKED_LM, &[]),
            Head::SequenceClassifier => (SEQUENCE_CLASSIFIER, &[]),
            Head::TokenClassifier => (TOKEN_CLASSIFIER, &[]),
            Head::Encoder | Head::Seq2SeqLm | Head::CausalLm => {
                (&[], &["lm_head.**", "classifier.**"])
            }
        };
        let of_encoder = ["roberta.embeddings.position_ids", "roberta.pooler.dense.*"];
        let mut names = Names {
            rules: vec![ENCODER, rules],
            ours_prefix: if head == Head::Encoder { "" } else { "encoder." },
            prefix: "roberta",
            bare: head == Head::Encoder,
            ignored: [&of_encoder, ignored].concat(),
            ..Names::default()
        };
        if head == Head::MaskedLm {
            names.aliases.extend([
                ("roberta.embeddings.word_embeddings.weight", "lm_head.decoder.weight"),
                ("lm_head.bias", "lm_head.decoder.bias"),
            ]);
        }
        names
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        bert::KEYS
    }
}

impl EncoderFamily for Roberta {
    fn classifier(
        &self,
        file: &ConfigFile,
        n_classes: usize,
    ) -> Result<ClassifierHead, ModelError> {
        bert::classifier(file, n_classes)
    }

    fn write_classifier(&self, head: &ClassifierHead) -> Option<Map<String, Value>> {
        bert::write_classifier(head)
    }
}
