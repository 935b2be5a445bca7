//! The contents of a model directory.

use std::path::Path;

use super::config_file::ConfigFile;
use super::families::{self, CAUSAL_LMS, ENCODER_DECODERS, ENCODERS, Family};
use super::names::Names;
use super::{Head, ctranslate2, labels};
use crate::{ModelConfig, ModelError};

/// The contents of a model directory, as described by its `config.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDirectory {
    /// The family: `model_type`.
    pub family: &'static str,
    /// The head.
    pub head: Head,
    /// The configuration.
    pub config: ModelConfig,
}

impl ModelDirectory {
    /// Reads the `config.json` of a model directory. No weights are read.
    ///
    /// # Errors
    /// If `config.json` is missing or malformed, its family is not supported, or its configuration is invalid.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        if ctranslate2::is_directory(dir) {
            let config = ctranslate2::Directory::open(dir)?.config;
            let is_causal = matches!(config, ModelConfig::CausalLm(_));
            let head = if is_causal { Head::CausalLm } else { Head::Seq2SeqLm };
            return Ok(Self { family: ctranslate2::FAMILY, head, config });
        }
        Self::of(&ConfigFile::open(dir)?)
    }

    /// [`open`](Self::open), where an encoder has this head, whatever `config.json` says.
    pub(super) fn open_with_head(dir: &Path, head: Head) -> Result<Self, ModelError> {
        Self::of_heads(&ConfigFile::open(dir)?, &[head])
    }

    /// The contents of a model that is fine-tuned with this head.
    pub fn with_head(self, head: Head) -> Self {
        Self { head, ..self }
    }

    /// Interprets a `config.json`.
    pub(super) fn of(file: &ConfigFile) -> Result<Self, ModelError> {
        Self::of_heads(file, &Head::OF_ENCODERS)
    }

    /// Interprets a `config.json`; `heads` are those that an encoder can have.
    fn of_heads(file: &ConfigFile, heads: &[Head]) -> Result<Self, ModelError> {
        if let Some((family, head)) = family_of(ENCODER_DECODERS, &[Head::Seq2SeqLm], file) {
            let config = ModelConfig::EncoderDecoder(families::read(family, file)?);
            return Ok(Self { family: family.model_type(), head, config });
        }
        if let Some((family, head)) = family_of(CAUSAL_LMS, &[Head::CausalLm], file) {
            let config = ModelConfig::CausalLm(families::read(family, file)?);
            return Ok(Self { family: family.model_type(), head, config });
        }
        if let Some((family, head)) = family_of(ENCODERS, heads, file) {
            let config = families::read(family, file)?;
            let n_classes = || labels::read(file).map(|labels| labels.len());
            let config = match head {
                Head::MaskedLm => ModelConfig::MaskedLm(config),
                Head::SequenceClassifier => {
                    let head = family.classifier(file, n_classes()?)?;
                    ModelConfig::SequenceClassifier(config, head)
                }
                Head::TokenClassifier => ModelConfig::TokenClassifier(config, n_classes()?),
                Head::Encoder | Head::Seq2SeqLm | Head::CausalLm => ModelConfig::Encoder(config),
            };
            return Ok(Self { family: family.model_type(), head, config });
        }
        let known = ENCODER_DECODERS.iter().map(|family| family.model_type());
        let known = known.chain(CAUSAL_LMS.iter().map(|family| family.model_type()));
        let known = known.chain(ENCODERS.iter().map(|family| family.model_type()));
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        known.dedup();
        let reason = format!(
            "{} is not supported; the supported values are {}",
            file.model_type,
            known.join(", ")
        );
        Err(file.wrong("model_type", reason))
    }

    /// The name that the directory's files use for the parameter at `path`.
    pub fn tensor_name(&self, path: &str) -> Option<String> {
        self.names().locate(path).map(|location| location.name)
    }

    /// The names of the weights in the directory's files.
    pub(super) fn names(&self) -> Names {
        match &self.config {
            ModelConfig::EncoderDecoder(config) => self.names_of(ENCODER_DECODERS, config),
            ModelConfig::CausalLm(config) => self.names_of(CAUSAL_LMS, config),
            ModelConfig::MaskedLm(config)
            | ModelConfig::SequenceClassifier(config, _)
            | ModelConfig::TokenClassifier(config, _)
            | ModelConfig::Encoder(config) => self.names_of(ENCODERS, config),
        }
    }

    fn names_of<C, F: Family<C> + ?Sized>(&self, families: &[&F], config: &C) -> Names {
        let family = families.iter().find(|family| family.model_type() == self.family);
        family.map(|family| family.names(config, self.head)).unwrap_or_default()
    }
}

/// The family of a file, out of those of one kind, and the head in `architectures`, or the last of `heads` if the head
/// is not recognized.
fn family_of<'a, C, F: Family<C> + ?Sized>(
    families: &[&'a F],
    heads: &[Head],
    file: &ConfigFile,
) -> Option<(&'a F, Head)> {
    let family = *families.iter().find(|family| family.model_type() == file.model_type)?;
    let named = |head: &&Head| family.architecture(**head) == file.architecture.as_deref();
    match heads.iter().find(named) {
        Some(head) => Some((family, *head)),
        // `crosshead` is a family of every kind of model.
        None if heads.iter().any(|head| family.architecture(*head) == Some(head.name())) => None,
        None => heads.last().map(|&head| (family, head)),
    }
}
