//! Model directories that tests corrupt.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use burn::tensor::Device;
use crosshead_models::{EncoderDecoder, ModelError};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::tiny::{model, save};

pub(crate) const CONFIG: &str = "config.json";
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// Dtype, shape and bytes of a tensor.
pub(crate) type OwnedTensor = (Dtype, Vec<usize>, Vec<u8>);

/// The files of a valid model directory.
pub(crate) static VALID: LazyLock<BTreeMap<&str, Vec<u8>>> = LazyLock::new(|| {
    let dir = tempdir().unwrap();
    let path = dir.path().join("model");
    save(&model(Default::default()), &path);
    [CONFIG, WEIGHTS, "generation_config.json"]
        .map(|file| (file, fs::read(path.join(file)).unwrap()))
        .into()
});

/// A model directory that a test corrupts.
pub(crate) struct Dir(TempDir);

impl Dir {
    /// A valid directory.
    pub(crate) fn new() -> Self {
        let dir = tempdir().unwrap();
        for (file, bytes) in VALID.iter() {
            fs::write(dir.path().join(file), bytes).unwrap();
        }
        Self(dir)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn without(self, file: &str) -> Self {
        fs::remove_file(self.path(file)).unwrap();
        self
    }

    pub(crate) fn with(self, file: &str, bytes: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(file), bytes).unwrap();
        self
    }

    /// A directory in place of a file.
    pub(crate) fn with_folder(self, file: &str) -> Self {
        let dir = self.without(file);
        fs::create_dir(dir.path(file)).unwrap();
        dir
    }

    /// Changes or removes a key of `config.json`.
    pub(crate) fn with_key(self, key: &str, value: Option<Value>) -> Self {
        let text = fs::read(self.path(CONFIG)).unwrap();
        let mut config: Value = serde_json::from_slice(&text).unwrap();
        let keys = config.as_object_mut().unwrap();
        match value {
            Some(value) => keys.insert(key.to_owned(), value),
            None => keys.remove(key),
        };
        self.with(CONFIG, config.to_string())
    }

    /// Changes the tensors of `model.safetensors`.
    pub(crate) fn with_tensors(
        self,
        change: impl FnOnce(&mut BTreeMap<String, OwnedTensor>),
    ) -> Self {
        let file = SafeTensors::deserialize(&VALID[WEIGHTS]).unwrap();
        let owned = |(name, view): (&str, TensorView<'_>)| {
            (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        };
        let mut tensors: BTreeMap<String, OwnedTensor> = file.iter().map(owned).collect();
        change(&mut tensors);
        let views = tensors.iter().map(|(name, (dtype, shape, data))| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        let bytes = safetensors::serialize(views, None).unwrap();
        self.with(WEIGHTS, bytes)
    }

    pub(crate) fn load(&self) -> Result<EncoderDecoder, ModelError> {
        EncoderDecoder::from_pretrained(self.root(), &Device::flex())
    }

    /// Asserts that loading fails with a message that begins with `file` and contains `parts`.
    #[track_caller]
    pub(crate) fn fails(&self, file: &str, parts: &[&str]) -> ModelError {
        let error = self.load().expect_err("a broken directory was loaded");
        let message = error.to_string();
        assert!(message.starts_with(&self.path(file).display().to_string()), "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
        error
    }
}
