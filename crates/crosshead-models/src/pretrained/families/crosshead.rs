//! Models that no family in `transformers` can express. They use this crate's configuration and names.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{EncoderFamily, Family};
use crate::pretrained::Head;
use crate::pretrained::config_file::{ConfigFile, to_object};
use crate::pretrained::names::{Names, Rule, rule};
use crate::{ClassifierHead, ModelError};

pub(super) struct Crosshead;

#[derive(Serialize, Deserialize)]
struct Keys<C> {
    config: C,
}

#[derive(Serialize, Deserialize)]
struct ClassifierKeys {
    head: ClassifierHead,
}

const NAMES: &[Rule] = &[rule("**", "**")];

/// An encoder, with the prefix that it has in a model with a head.
const ENCODER: &[Rule] = &[rule("**", "encoder.**")];

/// The parameters of the heads.
const HEADS: [&str; 5] =
    ["transform.*", "transform_norm.*", "output_bias", "pooler.*", "classifier.*"];

impl<C: Serialize + DeserializeOwned> Family<C> for Crosshead {
    fn model_type(&self) -> &'static str {
        "crosshead"
    }

    fn architecture(&self, head: Head) -> Option<&'static str> {
        Some(head.name())
    }

    fn read(&self, file: &ConfigFile) -> Result<C, ModelError> {
        Ok(file.keys::<Keys<C>>()?.config)
    }

    fn write(&self, config: &C) -> Option<Map<String, Value>> {
        Some(to_object(&Keys { config }))
    }

    fn names(&self, _: &C, head: Head) -> Names {
        match head {
            Head::Encoder => Names {
                rules: vec![ENCODER],
                prefix: "encoder",
                bare: true,
                ignored: HEADS.to_vec(),
                ..Names::default()
            },
            Head::Seq2SeqLm
            | Head::CausalLm
            | Head::MaskedLm
            | Head::SequenceClassifier
            | Head::TokenClassifier => Names { rules: vec![NAMES], ..Names::default() },
        }
    }

    fn keys(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

impl EncoderFamily for Crosshead {
    fn classifier(
        &self,
        file: &ConfigFile,
        n_classes: usize,
    ) -> Result<ClassifierHead, ModelError> {
        Ok(ClassifierHead { n_classes, ..file.keys::<ClassifierKeys>()?.head })
    }

    fn write_classifier(&self, head: &ClassifierHead) -> Option<Map<String, Value>> {
        Some(to_object(&ClassifierKeys { head: *head }))
    }
}
