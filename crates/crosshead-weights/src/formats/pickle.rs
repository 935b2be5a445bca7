//! `pytorch_model.bin`: a pickle and its storages, read without executing the pickle.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use pytorch_reader::{DType, PytorchError, PytorchReader, Tensor};
use safetensors::Dtype;
use zip::{CompressionMethod, ZipArchive};

use super::{Entry, Listing, Values, check_file};
use crate::WeightsError;

/// Keys under which training tools save a model's weights, next to the optimizer state.
const STATE_DICT_KEYS: [&str; 6] =
    ["state_dict", "model_state_dict", "model", "module", "network", "net"];

/// The offset and value of the magic bytes of a TAR header.
const TAR_MAGIC: (u64, &[u8; 5]) = (257, b"ustar");

/// Lists the tensors of a file.
pub(super) fn open(path: &Path) -> Result<Listing, WeightsError> {
    check_file(path)?;
    let file_len = check_container(path)?;
    tensors(path)
        .map_err(|source| invalid(path, source))?
        .into_iter()
        .map(|(name, tensor)| {
            let n_bytes = tensor.byte_len() as u64;
            if n_bytes > file_len {
                let reason = format!("takes {n_bytes} bytes, more than the file has ({file_len})");
                return Err(WeightsError::tensor(path, &name, reason));
            }
            let dtype = dtype(tensor.dtype());
            let shape = tensor.shape().to_vec();
            let values = Values::Pickled(tensor);
            Ok((name, Entry { dtype, shape, n_bytes, values, scale: None }))
        })
        .collect()
}

/// The tensors of the model, which are at the root of the file or under one of [`STATE_DICT_KEYS`].
fn tensors(path: &Path) -> Result<HashMap<String, Tensor>, PytorchError> {
    let tensors = PytorchReader::new(path)?.into_tensors();
    let is_present = |key: &&&str| {
        tensors
            .keys()
            .any(|name| name.strip_prefix(**key).is_some_and(|rest| rest.starts_with('.')))
    };
    for key in STATE_DICT_KEYS.iter().filter(is_present) {
        // Tensor names at the root may begin with the same word.
        if let Ok(nested) = PytorchReader::with_top_level_key(path, key) {
            return Ok(nested.into_tensors());
        }
    }
    Ok(tensors)
}

/// Rejects containers with contents that may be far larger than the file, and returns the length of the file.
///
/// `torch.save` does not compress. TAR archives, written by PyTorch before 0.1.10, can be sparse.
fn check_container(path: &Path) -> Result<u64, WeightsError> {
    let mut file = File::open(path).map_err(WeightsError::io(path))?;
    let file_len = file.metadata().map_err(WeightsError::io(path))?.len();
    let rejected = |reason: &str| invalid(path, PytorchError::InvalidFormat(reason.to_owned()));
    if starts_with(&mut file, 0, b"PK").map_err(WeightsError::io(path))? {
        let mut archive = ZipArchive::new(file).map_err(|source| invalid(path, source.into()))?;
        for index in 0..archive.len() {
            let entry =
                archive.by_index_raw(index).map_err(|source| invalid(path, source.into()))?;
            if entry.compression() != CompressionMethod::Stored || entry.size() > file_len {
                return Err(rejected("an entry is compressed, which torch.save never does"));
            }
        }
    } else if starts_with(&mut file, TAR_MAGIC.0, TAR_MAGIC.1).map_err(WeightsError::io(path))? {
        return Err(rejected("a TAR archive, as written by PyTorch before 0.1.10"));
    }
    Ok(file_len)
}

/// Whether the file has `bytes` at `offset`.
fn starts_with(file: &mut File, offset: u64, bytes: &[u8]) -> std::io::Result<bool> {
    let mut found = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(bytes.len() as u64).read_to_end(&mut found)?;
    Ok(found == bytes)
}

fn invalid(path: &Path, source: PytorchError) -> WeightsError {
    WeightsError::Pickle { path: path.to_owned(), source: Box::new(source) }
}

fn dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::BOOL,
    }
}
