//! Comparison of the weights in a directory with its model.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;
use crosshead_weights::{TensorSource, parameters};

use super::families::Config;
use super::files::check_not_adapter;
use super::load::Weights;
use super::{ModelDirectory, WeightsReport, ctranslate2};
use crate::{MaskedLm, ModelConfig, ModelError, SequenceClassifier, TokenClassifier, paths};

impl ModelDirectory {
    /// Compares the weights in the directory with the model described by its `config.json`, without reading values.
    ///
    /// # Errors
    /// If there are no weights, or a file is malformed.
    pub fn weights(&self, dir: &Path, device: &Device) -> Result<WeightsReport, ModelError> {
        if self.family == ctranslate2::FAMILY {
            return Ok(ctranslate2::Directory::open(dir)?.report(&self.shapes(device)));
        }
        check_not_adapter(dir)?;
        let checkpoint = TensorSource::open(dir)?;
        let weights = Weights::new(&checkpoint, self.names());
        let mut report = WeightsReport {
            files: checkpoint.files().to_vec(),
            bytes: checkpoint.size(),
            ..WeightsReport::default()
        };
        for name in checkpoint.names() {
            let dtype = checkpoint.dtype(name).map_or(String::new(), |dtype| format!("{dtype:?}"));
            *report.dtypes.entry(dtype).or_default() += 1;
        }
        // The model is only built if the sizes in the configuration match the weights.
        let expected = self.expected_shapes();
        self.compare(&weights, &expected, &mut report);
        if report.is_sound() {
            let shapes = self.shapes(device);
            self.compare(&weights, &shapes, &mut report);
            let known = shapes.iter().flat_map(|(parameter, _)| weights.names_of(parameter));
            let known: BTreeSet<String> = known.collect();
            let in_file = |name| weights.tensors.in_file(name).to_owned();
            let is_used = |name| {
                let name = weights.tensors.in_file(name);
                report.loaded.contains(name) || report.wrong.contains_key(name)
            };
            let rest = weights.tensors.names().filter(|name| !is_used(name));
            let (ignored, unexpected): (Vec<&str>, Vec<&str>) =
                rest.partition(|name| known.contains(*name) || weights.is_ignored(name));
            report.ignored = ignored.into_iter().map(in_file).collect();
            report.unexpected = unexpected.into_iter().map(in_file).collect();
        }
        Ok(report)
    }

    fn compare(
        &self,
        weights: &Weights<'_>,
        shapes: &[(String, Vec<usize>)],
        report: &mut WeightsReport,
    ) {
        for (parameter, shape) in shapes {
            match weights.locate(parameter, shape) {
                Ok(name) => {
                    let name = name.map(|name| weights.tensors.in_file(&name).to_owned());
                    report.loaded.extend(name);
                }
                Err(ModelError::Tensor { tensor, reason, .. }) => {
                    report.wrong.insert(tensor, reason);
                }
                Err(_) => {
                    report.missing.extend(weights.names_of(parameter).into_iter().take(1));
                }
            }
        }
        report.missing.dedup();
    }

    /// A few parameters that cover every size in the configuration.
    pub(super) fn expected_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let under_head = |shapes: Vec<(String, Vec<usize>)>| {
            shapes.into_iter().map(|(path, shape)| (paths::under_head(&path), shape)).collect()
        };
        match &self.config {
            ModelConfig::EncoderDecoder(config) => config.expected_shapes(),
            ModelConfig::CausalLm(config) => config.expected_shapes(),
            ModelConfig::Encoder(config) => config.expected_shapes(),
            ModelConfig::MaskedLm(config)
            | ModelConfig::SequenceClassifier(config, _)
            | ModelConfig::TokenClassifier(config, _) => under_head(config.expected_shapes()),
        }
    }

    /// The paths and shapes of all parameters.
    pub(super) fn shapes(&self, device: &Device) -> Vec<(String, Vec<usize>)> {
        match &self.config {
            ModelConfig::EncoderDecoder(config) => parameters::shapes(&config.skeleton(device)),
            ModelConfig::CausalLm(config) => parameters::shapes(&config.skeleton(device)),
            ModelConfig::Encoder(config) => parameters::shapes(&config.skeleton(device)),
            ModelConfig::MaskedLm(config) => {
                parameters::shapes(&MaskedLm::new(config.skeleton(device)))
            }
            ModelConfig::SequenceClassifier(config, head) => {
                parameters::shapes(&SequenceClassifier::new(config.skeleton(device), *head))
            }
            ModelConfig::TokenClassifier(config, n_classes) => {
                parameters::shapes(&TokenClassifier::new(config.skeleton(device), *n_classes, 0.0))
            }
        }
    }
}
