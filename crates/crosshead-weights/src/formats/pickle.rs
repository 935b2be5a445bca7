//! `pytorch_model.bin`: a pickle and its storages, without running it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use pytorch_reader::{DType, PytorchError, PytorchReader, Tensor};
use safetensors::Dtype;
use zip::{CompressionMethod, ZipArchive};

use super::{Entry, Listing, Values};
use crate::WeightsError;
use crate::impostor::check_file;

/// Keys under which training tools put a model's weights, beside the optimizer's state and whatever else.
const NESTS: [&str; 6] = ["state_dict", "model_state_dict", "model", "module", "network", "net"];

/// Where a TAR header has its magic bytes.
const TAR_MAGIC: (u64, &[u8; 5]) = (257, b"ustar");

/// The tensors of a file.
pub(super) fn open(path: &Path) -> Result<Listing, WeightsError> {
    check_file(path)?;
    let file_len = check_container(path)?;
    tensors(path)
        .map_err(|source| foreign(path, source))?
        .into_iter()
        .map(|(name, tensor)| {
            let n_bytes = tensor.byte_len() as u64;
            if n_bytes > file_len {
                let reason =
                    format!("takes {n_bytes} bytes, more than the {file_len} of the whole file");
                return Err(WeightsError::tensor(path, &name, reason));
            }
            let dtype = dtype(tensor.dtype());
            let shape = tensor.shape().to_vec();
            Ok((name, Entry { dtype, shape, n_bytes, values: Values::Pickled(tensor) }))
        })
        .collect()
}

/// The tensors of the model, which are at the root of the file, or under one of [`NESTS`] beside other things.
fn tensors(path: &Path) -> Result<HashMap<String, Tensor>, PytorchError> {
    let tensors = PytorchReader::new(path)?.into_tensors();
    let is_nest = |nest: &&&str| {
        tensors
            .keys()
            .any(|name| name.strip_prefix(**nest).is_some_and(|rest| rest.starts_with('.')))
    };
    for nest in NESTS.iter().filter(is_nest) {
        // The names of a file without nests may begin so too.
        if let Ok(nested) = PytorchReader::with_top_level_key(path, nest) {
            return Ok(nested.into_tensors());
        }
    }
    Ok(tensors)
}

/// Refuses containers whose contents may be far larger than the file, and gives the file's length.
///
/// `torch.save` compresses nothing, and a TAR archive, which PyTorch wrote before 0.1.10, can have holes.
fn check_container(path: &Path) -> Result<u64, WeightsError> {
    let mut file = File::open(path).map_err(WeightsError::io(path))?;
    let file_len = file.metadata().map_err(WeightsError::io(path))?.len();
    let refuse = |reason: &str| foreign(path, PytorchError::InvalidFormat(reason.to_owned()));
    if starts_with(&mut file, 0, b"PK").map_err(WeightsError::io(path))? {
        let mut archive = ZipArchive::new(file).map_err(|source| foreign(path, source.into()))?;
        for index in 0..archive.len() {
            let entry =
                archive.by_index_raw(index).map_err(|source| foreign(path, source.into()))?;
            if entry.compression() != CompressionMethod::Stored || entry.size() > file_len {
                return Err(refuse("an entry is compressed, which torch.save never does"));
            }
        }
    } else if starts_with(&mut file, TAR_MAGIC.0, TAR_MAGIC.1).map_err(WeightsError::io(path))? {
        return Err(refuse("a TAR archive of PyTorch before 0.1.10"));
    }
    Ok(file_len)
}

/// Whether the bytes at `offset` are these.
fn starts_with(file: &mut File, offset: u64, bytes: &[u8]) -> std::io::Result<bool> {
    let mut found = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(bytes.len() as u64).read_to_end(&mut found)?;
    Ok(found == bytes)
}

fn foreign(path: &Path, source: PytorchError) -> WeightsError {
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
