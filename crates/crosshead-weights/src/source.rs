//! Reading the tensors of weight files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Bytes, TensorData};
use safetensors::Dtype;

use crate::formats::{self, ADAPTER_FILES, Entry, FILES, Layout};
use crate::int8::{self, Int8Matrix};
use crate::{QuantizedTensor, WeightsError, values};

/// The tensors of a model directory: names, dtypes and shapes, and the values one tensor at a time.
///
/// Opening reads only headers. f32 values of a `.safetensors` file are memory-mapped and not copied; f16, bf16 and
/// quantized integers are converted to f32 when a tensor is read. Memory use is bounded by the size of the files, whatever their headers claim,
/// and pickles are not executed.
///
/// A mapped file must not be changed in place while its tensors are in use. Replacing it with a new file is safe.
#[derive(Debug)]
pub struct TensorSource {
    /// The weights, or the index of their shards.
    path: PathBuf,
    files: Vec<PathBuf>,
    /// Each tensor with the index of its file.
    tensors: BTreeMap<String, (usize, Entry)>,
    /// The scales of int8 matrices, by the name of the matrix.
    scales: BTreeMap<String, (usize, Entry)>,
}

impl TensorSource {
    /// Opens the weights of a model directory. The first of these that exists is used: `model.safetensors`,
    /// `model.safetensors.index.json` with its shards, `pytorch_model.bin`, `pytorch_model.bin.index.json` with its
    /// shards, CTranslate2's `model.bin`.
    ///
    /// # Errors
    /// If there are no weights, a shard is missing, or a file is malformed or inconsistent. The error names the file
    /// and, where applicable, the tensor.
    pub fn open(dir: &Path) -> Result<Self, WeightsError> {
        Self::open_first(dir, &FILES)
    }

    /// Opens the weights of an adapter directory of PEFT: `adapter_model.safetensors` or `adapter_model.bin`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_adapter(dir: &Path) -> Result<Self, WeightsError> {
        Self::open_first(dir, &ADAPTER_FILES)
    }

    fn open_first(dir: &Path, files: &[(&str, Layout)]) -> Result<Self, WeightsError> {
        let found = files.iter().map(|(name, layout)| (dir.join(name), *layout));
        let Some((path, layout)) = found.into_iter().find(|(path, _)| path.exists()) else {
            return Err(WeightsError::NoWeights {
                dir: dir.to_owned(),
                names: files.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            });
        };
        let (files, mut tensors) = layout.open(&path)?;
        let scales = int8::take_scales(&mut tensors);
        Ok(Self { path, files, tensors, scales })
    }

    /// Opens a `.safetensors` file in memory. Errors refer to it as `name`.
    ///
    /// # Errors
    /// If the bytes are not a complete `.safetensors` file.
    pub fn from_safetensors(
        name: impl Into<PathBuf>,
        bytes: impl Into<bytes::Bytes>,
    ) -> Result<Self, WeightsError> {
        let (path, bytes) = (name.into(), bytes.into());
        let tensors = formats::parse_safetensors(&path, &bytes)?;
        Ok(Self::of_file(path, tensors))
    }

    /// The tensors of one file.
    pub(crate) fn of_file(path: PathBuf, tensors: formats::Listing) -> Self {
        let mut tensors = tensors.into_iter().map(|(name, entry)| (name, (0, entry))).collect();
        let scales = int8::take_scales(&mut tensors);
        Self { files: vec![path.clone()], path, tensors, scales }
    }

    /// Removes the tensors whose names satisfy `f`.
    pub fn without(mut self, f: impl Fn(&str) -> bool) -> Self {
        self.tensors.retain(|name, _| !f(name));
        self
    }

    /// Adds the tensors of `other` for which `name` returns a name. They replace tensors of the same name.
    pub fn with_tensors_of(mut self, other: Self, name: impl Fn(&str) -> Option<String>) -> Self {
        let first = self.files.len();
        self.files.extend(other.files);
        for (theirs, (file, entry)) in other.tensors {
            if let Some(ours) = name(&theirs) {
                self.tensors.insert(ours, (first + file, entry));
            }
        }
        self
    }

    /// The names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|(_, entry)| entry.shape.as_slice())
    }

    /// The dtype of a tensor in the file.
    pub fn dtype(&self, name: &str) -> Option<Dtype> {
        self.tensors.get(name).map(|(_, entry)| entry.dtype)
    }

    /// The file that contains a tensor. For an unknown name, the file with the weights or the index of their shards.
    pub fn file(&self, name: &str) -> &Path {
        self.tensors.get(name).map_or(&self.path, |&(file, _)| &self.files[file])
    }

    /// The weight files.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The size of all tensors in the files, in bytes.
    pub fn size(&self) -> u64 {
        self.tensors.values().chain(self.scales.values()).map(|(_, entry)| entry.n_bytes).sum()
    }

    /// An int8 matrix, memory-mapped; `None` if the tensor has a different type.
    ///
    /// # Errors
    /// If an int8 tensor is not a matrix, its scales are missing or invalid, or the file can no longer be read.
    pub fn read_int8(&self, name: &str) -> Result<Option<Int8Matrix>, WeightsError> {
        let Some((file, entry)) = self.tensors.get(name) else { return Ok(None) };
        if !is_int8(entry) {
            return Ok(None);
        }
        let scales = self.scales.get(name);
        let scales = scales.map(|(file, scales)| (self.files[*file].as_path(), scales));
        int8::read(name, (&self.files[*file], entry), scales).map(Some)
    }

    /// The name of the first int8 tensor, if there is one.
    pub fn first_int8(&self) -> Option<&str> {
        let mut tensors = self.tensors.iter();
        tensors.find(|(_, (_, entry))| is_int8(entry)).map(|(name, _)| name.as_str())
    }

    /// Reads a tensor as f32. f32 values of a `.safetensors` file are memory-mapped, others are converted.
    ///
    /// # Errors
    /// If there is no such tensor, its dtype is not supported, the file cannot be read, or a value is NaN or infinite. A
    /// bias may contain −∞, which excludes a token.
    pub fn read(&self, name: &str) -> Result<TensorData, WeightsError> {
        let path = self.file(name);
        let Some((_, entry)) = self.tensors.get(name) else {
            return Err(self.missing(name));
        };
        if let Some(tensor) = self.read_quantized(name)? {
            return Ok(tensor.dequantize());
        }
        if let Some(matrix) = self.read_int8(name)? {
            return Ok(matrix.dequantize());
        }
        let bytes = entry.bytes(path)?;
        let data = values::to_f32(bytes, entry.dtype, &entry.shape);
        let checked =
            data.and_then(|data| values::check(&data, name.ends_with("bias")).map(|()| data));
        checked.map_err(|error| WeightsError::tensor(path, name, error.to_string()))
    }

    /// The bytes of a tensor in the file.
    pub(crate) fn bytes(&self, name: &str) -> Result<Bytes, WeightsError> {
        let (_, entry) = self.tensors.get(name).ok_or_else(|| self.missing(name))?;
        entry.bytes(self.file(name))
    }

    /// Reads a quantized tensor as integers and scales; `None` if the file stores it in floating point.
    ///
    /// # Errors
    /// If there is no such tensor, the file can no longer be read, or a scale is not a positive number.
    pub fn read_quantized(&self, name: &str) -> Result<Option<QuantizedTensor>, WeightsError> {
        let path = self.file(name);
        let Some((_, entry)) = self.tensors.get(name) else {
            return Err(self.missing(name));
        };
        let Some(scales) = entry.scales(path)? else { return Ok(None) };
        if let Some(scale) = scales.iter().find(|scale| !scale.is_normal() || **scale < 0.0) {
            let reason = format!("has the quantization scale {scale}; it must be a number above 0");
            return Err(WeightsError::tensor(path, name, reason));
        }
        let tensor = QuantizedTensor::new(entry.bytes(path)?, entry.dtype, &entry.shape, scales);
        tensor.map(Some).map_err(|error| WeightsError::tensor(path, name, error.to_string()))
    }
}

/// Reads all tensors of a `.safetensors` file in memory as f32. Values are not checked; errors refer to the file as
/// `path`.
///
/// # Errors
/// If the bytes are not a complete `.safetensors` file, or the dtype of a tensor is not supported.
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

/// Whether an entry is an 8-bit matrix with its scales in a separate tensor, unlike in CTranslate2.
fn is_int8(entry: &Entry) -> bool {
    entry.dtype == Dtype::I8 && !entry.has_scales()
}
