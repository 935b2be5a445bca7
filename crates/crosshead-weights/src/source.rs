//! The tensors of weight files, whatever their format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use safetensors::Dtype;

use crate::formats::{self, Entry, FILES};
use crate::{WeightsError, values};

/// The tensors of a model directory: their names, types and shapes, and their values one at a time.
///
/// Opening reads headers alone. Values in f32 are mapped from the file, so the tensors of a `.safetensors` file take no
/// memory of their own; f16 and bf16 become f32 when a tensor is read. No more memory is taken than in proportion to the
/// size of the files, whatever they say about themselves, and no code of a pickle runs.
///
/// A mapped file must not be changed in place while its tensors live; a new file under its name does no harm.
#[derive(Debug)]
pub struct TensorSource {
    /// The file that was found: the weights, or the index of their shards.
    path: PathBuf,
    files: Vec<PathBuf>,
    /// Each tensor, and the file that has it.
    tensors: BTreeMap<String, (usize, Entry)>,
}

impl TensorSource {
    /// Finds the weights of a model directory: `model.safetensors`, `model.safetensors.index.json` with its shards,
    /// `pytorch_model.bin`, or `pytorch_model.bin.index.json` with its shards; the first that exists.
    ///
    /// # Errors
    /// If there is none, a shard is missing, or a file is malformed or lies about its contents; the error names the file,
    /// and the tensor where it is about one.
    pub fn open(dir: &Path) -> Result<Self, WeightsError> {
        let found = FILES.iter().map(|(name, layout)| (dir.join(name), *layout));
        let Some((path, layout)) = found.into_iter().find(|(path, _)| path.exists()) else {
            return Err(WeightsError::NoWeights {
                dir: dir.to_owned(),
                names: FILES.map(|(name, _)| name).join(", "),
            });
        };
        let (files, tensors) = layout.open(&path)?;
        Ok(Self { path, files, tensors })
    }

    /// The tensors of a `.safetensors` file in memory, which errors call `name`.
    ///
    /// # Errors
    /// If the bytes are not a whole `.safetensors` file.
    pub fn from_safetensors(
        name: impl Into<PathBuf>,
        bytes: impl Into<bytes::Bytes>,
    ) -> Result<Self, WeightsError> {
        let (path, bytes) = (name.into(), bytes.into());
        let tensors = formats::parse_safetensors(&path, &bytes)?;
        let tensors = tensors.into_iter().map(|(name, entry)| (name, (0, entry))).collect();
        Ok(Self { files: vec![path.clone()], path, tensors })
    }

    /// The names of the tensors, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|(_, entry)| entry.shape.as_slice())
    }

    /// The type of a tensor's values in the file.
    pub fn dtype(&self, name: &str) -> Option<Dtype> {
        self.tensors.get(name).map(|(_, entry)| entry.dtype)
    }

    /// The file that has a tensor; where none has it, the file that should: the weights, or the index of their shards.
    pub fn file(&self, name: &str) -> &Path {
        self.tensors.get(name).map_or(&self.path, |&(file, _)| &self.files[file])
    }

    /// The files with the weights.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Bytes of all tensors together, as they are in the files.
    pub fn size(&self) -> u64 {
        self.tensors.values().map(|(_, entry)| entry.n_bytes).sum()
    }

    /// The values of a tensor as f32: mapped from the file where it holds them so, otherwise converted.
    ///
    /// # Errors
    /// If there is no such tensor, it has a type that weights do not have, the file can no longer be read, or a value is
    /// NaN or infinite; −∞ is a value that a bias may have, where it rules a token out.
    pub fn read(&self, name: &str) -> Result<TensorData, WeightsError> {
        let path = self.file(name);
        let Some((_, entry)) = self.tensors.get(name) else {
            return Err(self.missing(name));
        };
        let bytes = entry.bytes(path)?;
        let data = values::to_f32(bytes, entry.dtype, &entry.shape);
        let checked =
            data.and_then(|data| values::check(&data, name.ends_with("bias")).map(|()| data));
        checked.map_err(|error| WeightsError::tensor(path, name, error.to_string()))
    }
}

/// The tensors of a `.safetensors` file in memory as f32, whatever their values; `path` names it in errors.
///
/// # Errors
/// If the bytes are not a whole `.safetensors` file, or a tensor has a type that weights do not have.
pub fn from_safetensors(
    path: &Path,
    bytes: impl Into<bytes::Bytes>,
) -> Result<BTreeMap<String, TensorData>, WeightsError> {
    let tensors = formats::parse_safetensors(path, &bytes.into())?;
    let read = |(name, entry): (String, Entry)| {
        let data = values::to_f32(entry.bytes(path)?, entry.dtype, &entry.shape)
            .map_err(|error| WeightsError::tensor(path, &name, error.to_string()))?;
        Ok((name, data))
    };
    tensors.into_iter().map(read).collect()
}
