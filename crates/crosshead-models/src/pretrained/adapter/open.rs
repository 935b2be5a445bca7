//! Reading an adapter directory.

use std::collections::BTreeMap;
use std::path::Path;

use crosshead_weights::TensorSource;

use super::config::AdapterConfig;
use super::{ENDS, PREFIX};
use crate::ModelError;
use crate::pretrained::Head;
use crate::pretrained::names::Names;

/// The parameters of a head, which an adapter may contain.
const HEAD: [&str; 4] = ["classifier.weight", "classifier.bias", "pooler.weight", "pooler.bias"];

/// An opened adapter directory.
#[derive(Debug)]
pub(crate) struct Adapter {
    pub(super) config: AdapterConfig,
    pub(super) tensors: TensorSource,
}

impl Adapter {
    /// Opens a directory with `adapter_config.json` and the weights.
    pub(crate) fn open(dir: &Path) -> Result<Self, ModelError> {
        let config = AdapterConfig::open(dir)?;
        Ok(Self { config, tensors: TensorSource::open_adapter(dir)? })
    }

    /// The base model in `adapter_config.json`.
    pub(crate) fn base(&self) -> Option<&str> {
        self.config.base()
    }

    /// The head that the adapter contains, if any.
    pub(crate) fn head(&self) -> Option<Head> {
        self.config.head()
    }

    /// The error of an invalid value in `adapter_config.json`.
    pub(crate) fn wrong(&self, key: &str, reason: impl Into<String>) -> ModelError {
        self.config.wrong(key, reason)
    }

    /// The names of A and B by module.
    pub(super) fn modules(&self) -> Result<BTreeMap<String, [String; 2]>, ModelError> {
        let mut modules: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
        for name in self.tensors.names() {
            for (index, end) in ENDS.iter().enumerate() {
                let module = name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(end));
                if let Some(module) = module {
                    modules.entry(module.to_owned()).or_default()[index] = Some(name.to_owned());
                }
            }
        }
        let complete = |(module, pair): (String, [Option<String>; 2])| match pair {
            [Some(a), Some(b)] => Ok((module, [a, b])),
            [None, _] | [_, None] => {
                let end = ENDS[usize::from(pair[0].is_some())];
                Err(ModelError::MissingTensor {
                    path: self.tensors.file("").to_owned(),
                    tensor: format!("{PREFIX}{module}{end}"),
                    there: "A and B of a module must both be there".to_owned(),
                })
            }
        };
        modules.into_iter().map(complete).collect()
    }

    /// The checkpoint with the modules that the adapter contains in full: heads.
    pub(crate) fn over(
        self,
        checkpoint: TensorSource,
        names: &Names,
    ) -> Result<TensorSource, ModelError> {
        let is_low_rank = |name: &str| ENDS.iter().any(|end| name.ends_with(end));
        let located = HEAD.iter().filter_map(|parameter| names.locate(parameter));
        let heads: Vec<Vec<String>> =
            located.map(|location| names.candidates(&location.name)).collect();
        let head = |name: &str| heads.iter().find(|names| names.iter().any(|own| own == name));
        let mut replaced = Vec::new();
        for name in self.tensors.names().filter(|name| !is_low_rank(name)) {
            let inside = name.strip_prefix(PREFIX);
            match inside.map(|inside| (head(inside), names.is_ignored(inside))) {
                Some((Some(names), _)) => replaced.extend(names.iter().cloned()),
                // The head of another task.
                Some((None, true)) => {}
                Some((None, false)) | None => return Err(self.unexpected(name)),
            }
        }
        let checkpoint = checkpoint.without(|name| replaced.iter().any(|old| old == name));
        Ok(checkpoint.with_tensors_of(self.tensors, |name| {
            let inside = name.strip_prefix(PREFIX)?;
            replaced.iter().any(|name| name == inside).then(|| inside.to_owned())
        }))
    }

    /// The error of a tensor that the model cannot take.
    pub(super) fn unexpected(&self, name: &str) -> ModelError {
        let reason = "the model has no such linear layer or head that can be adapted; the adapter \
                      may belong to another model (base_model_name_or_path in adapter_config.json)";
        ModelError::tensor(self.tensors.file(name), name, reason)
    }
}
