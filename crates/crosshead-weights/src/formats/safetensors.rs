//! The header of a `.safetensors` file.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use safetensors::SafeTensorError;
use safetensors::tensor::{Metadata, TensorInfo};
use serde_json::{Map, Value};

use super::{Entry, LAYOUT_KEY, LAYOUT_VERSION, Listing, Values, check_file};
use crate::WeightsError;

/// The largest header that the format allows.
const MAX_HEADER: u64 = 100_000_000;

/// The length of the field, before the header, that holds the header's length.
const PREFIX: u64 = 8;

/// Lists the tensors of a file.
pub(super) fn open(path: &Path) -> Result<Listing, WeightsError> {
    check_file(path)?;
    let mut file = File::open(path).map_err(WeightsError::io(path))?;
    let file_len = file.metadata().map_err(WeightsError::io(path))?.len();
    list(&mut file, file_len, path, |offset, _| Values::At(offset))
}

/// Lists the tensors of a file in memory. Errors refer to it as `path`.
pub(super) fn parse(path: &Path, bytes: &bytes::Bytes) -> Result<Listing, WeightsError> {
    let slice = |offset: u64, n_bytes: u64| {
        Values::Memory(bytes.slice(offset as usize..(offset + n_bytes) as usize))
    };
    list(&mut bytes.as_ref(), bytes.len() as u64, path, slice)
}

fn list(
    file: &mut impl Read,
    file_len: u64,
    path: &Path,
    values: impl Fn(u64, u64) -> Values,
) -> Result<Listing, WeightsError> {
    let header = read_header(file, file_len, path)?;
    let start = PREFIX + header.len() as u64;
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|error| malformed(&header, error, path))?;
    if u64::try_from(metadata.data_len()).ok() != Some(file_len - start) {
        return Err(invalid(path, SafeTensorError::MetadataIncompleteBuffer));
    }
    let version = metadata.metadata().as_ref().and_then(|keys| keys.get(LAYOUT_KEY));
    if let Some(found) = version.filter(|version| *version != LAYOUT_VERSION) {
        let (path, found) = (path.to_owned(), found.clone());
        return Err(WeightsError::Int8Layout { path, found, expected: LAYOUT_VERSION });
    }
    let tensors = metadata.tensors();
    let entry = |info: &TensorInfo| {
        let (from, to) = info.data_offsets;
        let n_bytes = (to - from) as u64;
        let values = values(start + from as u64, n_bytes);
        Entry { dtype: info.dtype, shape: info.shape.clone(), n_bytes, values, scale: None }
    };
    Ok(tensors.into_iter().map(|(name, info)| (name, entry(info))).collect())
}

/// The JSON header. A length beyond the end of the file causes an error.
fn read_header(file: &mut impl Read, file_len: u64, path: &Path) -> Result<Vec<u8>, WeightsError> {
    let mut prefix = [0; PREFIX as usize];
    file.read_exact(&mut prefix).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => invalid(path, SafeTensorError::HeaderTooSmall),
        _ => WeightsError::io(path)(error),
    })?;
    let len = u64::from_le_bytes(prefix);
    if len > MAX_HEADER {
        return Err(invalid(path, SafeTensorError::HeaderTooLarge));
    }
    if len > file_len - PREFIX {
        return Err(invalid(path, SafeTensorError::InvalidHeaderLength));
    }
    let mut header = vec![0; len as usize];
    file.read_exact(&mut header).map_err(WeightsError::io(path))?;
    Ok(header)
}

fn invalid(path: &Path, source: SafeTensorError) -> WeightsError {
    WeightsError::Safetensors { path: path.to_owned(), source }
}

/// The error for a malformed header, with the name of the tensor if its entry is malformed.
fn malformed(header: &[u8], error: serde_json::Error, path: &Path) -> WeightsError {
    let entries: Map<String, Value> = serde_json::from_slice(header).unwrap_or_default();
    let wrong =
        entries.iter().filter(|(name, _)| *name != "__metadata__").find_map(|(name, entry)| {
            wrong_entry(entry).map(|reason| WeightsError::tensor(path, name, reason))
        });
    let source = SafeTensorError::InvalidHeaderDeserialization(error);
    wrong.unwrap_or_else(|| invalid(path, source))
}

/// What is wrong with one entry of a header.
fn wrong_entry(entry: &Value) -> Option<String> {
    let info: TensorInfo = match serde_json::from_value(entry.clone()) {
        Ok(info) => info,
        Err(error) => return Some(format!("the header entry is malformed ({error})")),
    };
    let (from, to) = info.data_offsets;
    let shape = info.shape.clone();
    let Some(n_bytes) = to.checked_sub(from) else {
        return Some(format!("ends at {to}, before its start at {from}"));
    };
    let alone = TensorInfo { data_offsets: (0, n_bytes), ..info };
    let fits = Metadata::new(None, vec![(String::new(), alone)]).is_ok();
    (!fits).then(|| format!("shape {shape:?} of {} does not take {n_bytes} bytes", info.dtype))
}
