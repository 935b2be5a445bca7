//! The files of a model: a model directory, or an adapter and its base model.

use std::path::{Path, PathBuf};

use burn::module::Module;
use crosshead_kernels::Linears;
use crosshead_weights::TensorSource;

use super::adapter::{Adapter, CONFIG};
use super::names::Names;
use super::{Head, ModelDirectory, ctranslate2};
use crate::ModelError;

/// The files of a model. The configuration, the tokenizer and the other settings are in one directory, the weights may be
/// in another: those of an adapter are the weights of its base model with low-rank updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles {
    dir: PathBuf,
    weights: PathBuf,
    adapter: Option<PathBuf>,
}

impl ModelFiles {
    /// The files of a model directory, or of an adapter directory with the base model that its `adapter_config.json`
    /// names.
    ///
    /// # Errors
    /// If an adapter is malformed or its base model is not a model directory on this machine.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        if !is_adapter(dir) {
            return Ok(Self { dir: dir.to_owned(), weights: dir.to_owned(), adapter: None });
        }
        let adapter = Adapter::open(dir)?;
        let help = "give the model with --model and this directory with --adapter";
        let Some(base) = adapter.base() else {
            let reason = format!("missing, so that the base model is unknown; {help}");
            return Err(adapter.wrong("base_model_name_or_path", reason));
        };
        let base = PathBuf::from(base);
        if !base.is_dir() {
            let reason = format!("{} is not a directory on this machine; {help}", base.display());
            return Err(adapter.wrong("base_model_name_or_path", reason));
        }
        Self::open_base(&base)?.updated_by(dir)
    }

    /// The files of the model with an adapter.
    ///
    /// # Errors
    /// If there is an adapter already, the directory has no adapter or a malformed one, or the adapter belongs to another
    /// model.
    pub fn with_adapter(self, dir: &Path) -> Result<Self, ModelError> {
        let adapter = Adapter::open(dir)?;
        if let Some(base) = adapter.base().filter(|base| !is_same_model(base, &self.weights)) {
            let reason = format!(
                "the adapter belongs to {base}, but the model is {}; use that model, or change this key if they are the \
                 same",
                self.weights.display()
            );
            return Err(adapter.wrong("base_model_name_or_path", reason));
        }
        self.updated_by(dir)
    }

    /// The files of a base model, which cannot be an adapter.
    fn open_base(dir: &Path) -> Result<Self, ModelError> {
        if is_adapter(dir) {
            let reason =
                "an adapter cannot be the base of another one; merge it with its base first";
            return Err(ModelError::Key {
                path: dir.join(CONFIG),
                key: "base_model_name_or_path".to_owned(),
                reason: reason.to_owned(),
            });
        }
        Self::open(dir)
    }

    fn updated_by(self, adapter: &Path) -> Result<Self, ModelError> {
        if let Some(first) = &self.adapter {
            return Self::open_base(first);
        }
        if ctranslate2::is_directory(&self.weights) {
            let reason = "CTranslate2 models take no adapter; use the model that this one was converted from";
            return Err(ModelError::Config {
                path: self.weights.join("config.json"),
                key: "adapter",
                reason: reason.to_owned(),
            });
        }
        let mut dir = self.dir;
        if adapter.join("config.json").is_file() {
            let stack =
                |dir: &Path| Ok::<_, ModelError>(ModelDirectory::open(dir)?.config.stack().clone());
            if stack(adapter)? != stack(&dir)? {
                let reason = format!(
                    "the adapter belongs to another model: the layers in its config.json are not those of {}",
                    dir.display()
                );
                return Err(Adapter::open(adapter)?.wrong("base_model_name_or_path", reason));
            }
            dir = adapter.to_owned();
        }
        Ok(Self { dir, weights: self.weights, adapter: Some(adapter.to_owned()) })
    }

    /// The directory with `config.json`, the tokenizer and the decoding options.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory with the weights: that of the base model if there is an adapter.
    pub fn weights(&self) -> &Path {
        &self.weights
    }

    /// The directory of the adapter.
    pub fn adapter(&self) -> Option<&Path> {
        self.adapter.as_deref()
    }

    /// The contents, as described by `config.json` and `adapter_config.json`.
    ///
    /// # Errors
    /// As [`ModelDirectory::open`].
    pub fn directory(&self) -> Result<ModelDirectory, ModelError> {
        let directory = ModelDirectory::open(&self.dir)?;
        let head = match self.adapter() {
            Some(adapter) if adapter != self.dir => Adapter::open(adapter)?.head(),
            Some(_) | None => None,
        };
        match head {
            Some(head) => ModelDirectory::open_with_head(&self.dir, head),
            None => Ok(directory),
        }
    }

    /// Opens the weights, with the head of the adapter if it has one.
    pub(super) fn checkpoint(&self, names: &Names) -> Result<TensorSource, ModelError> {
        let checkpoint = TensorSource::open(&self.weights)?;
        match self.adapter() {
            Some(adapter) => Adapter::open(adapter)?.over(checkpoint, names),
            None => Ok(checkpoint),
        }
    }

    /// The model with the low-rank updates of the adapter.
    pub(super) fn adapt<M: Module + Linears>(
        &self,
        model: M,
        names: &Names,
        head: Head,
    ) -> Result<M, ModelError> {
        match self.adapter() {
            Some(adapter) => Adapter::open(adapter)?.attach(model, names, head),
            None => Ok(model),
        }
    }
}

/// Whether a directory contains an adapter.
pub(super) fn is_adapter(dir: &Path) -> bool {
    dir.join(CONFIG).is_file()
}

/// The error of a directory that contains an adapter, where the weights of a model are needed.
///
/// # Errors
/// If it does.
pub(super) fn check_not_adapter(dir: &Path) -> Result<(), ModelError> {
    if !is_adapter(dir) {
        return Ok(());
    }
    Err(ModelError::Key {
        path: dir.join(CONFIG),
        key: "peft_type".to_owned(),
        reason:
            "this directory contains an adapter, not a model; merge it with its base model first"
                .to_owned(),
    })
}

/// Whether the base model that an adapter names may be the one in a directory: the same path, or the same name, since
/// directories move and names on the Hugging Face Hub are not paths.
fn is_same_model(base: &str, dir: &Path) -> bool {
    let base = Path::new(base);
    if let (Ok(base), Ok(dir)) = (base.canonicalize(), dir.canonicalize())
        && base == dir
    {
        return true;
    }
    let name = |path: &Path| {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let last = path.file_name()?.to_owned();
        // The model of a run is in the folder `model`.
        if last == "model" { path.parent()?.file_name().map(ToOwned::to_owned) } else { Some(last) }
    };
    name(base).is_some_and(|base| Some(base) == name(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_compared_by_name() {
        for (base, dir) in [
            ("Helsinki-NLP/opus-mt-en-de", "models/opus-mt-en-de"),
            ("/elsewhere/runs/ui/model", "runs/ui/model"),
            ("gpt2", "gpt2"),
        ] {
            assert!(is_same_model(base, Path::new(dir)), "{base} {dir}");
        }
        for (base, dir) in [("a/gpt2", "gpt2-medium"), ("/x/runs/ui/model", "runs/books/model")] {
            assert!(!is_same_model(base, Path::new(dir)), "{base} {dir}");
        }
    }
}
