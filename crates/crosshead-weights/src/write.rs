//! Writing the safetensors format.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

use burn::tensor::{DType, TensorData};
use crosshead_files::write_atomic_with;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use crate::WeightsError;
use crate::formats::{LAYOUT_KEY, LAYOUT_VERSION};

/// Headers are padded to a multiple of this, so that the values are aligned.
const ALIGNMENT: usize = 8;

/// Writes f32 tensors to a `.safetensors` file atomically, sorted by name as in `transformers`. Equal tensors produce
/// identical files.
///
/// # Errors
/// If a tensor is not f32, or the file cannot be written, in which case an existing file is unchanged.
pub fn write_tensors(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
) -> Result<(), WeightsError> {
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let header = header(path, tensors, Some(format), &[DType::F32])?;
    write_atomic_with(path, |file| write(file, &header, tensors)).map_err(WeightsError::io(path))
}

/// Writes f32 tensors and int8 matrices (see [`Int8Matrix::into_tensors`](crate::Int8Matrix::into_tensors)) to a `.safetensors`
/// file atomically. The metadata contains the version of the layout.
///
/// # Errors
/// If a tensor has a different type, or the file cannot be written, in which case an existing file is unchanged.
pub fn write_int8_tensors(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
) -> Result<(), WeightsError> {
    let metadata = [("format", "pt"), (LAYOUT_KEY, LAYOUT_VERSION)];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let types = [DType::F32, DType::I8];
    let header = header(path, tensors, Some(HashMap::from(metadata)), &types)?;
    write_atomic_with(path, |file| write(file, &header, tensors)).map_err(WeightsError::io(path))
}

/// Encodes f32 tensors as a `.safetensors` file, sorted by name and without metadata. Errors refer to it as `path`.
/// [`from_safetensors`](crate::from_safetensors) decodes it.
///
/// # Errors
/// If a tensor is not f32.
pub fn to_safetensors(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
) -> Result<Vec<u8>, WeightsError> {
    let header = header(path, tensors, None, &[DType::F32])?;
    let mut bytes = Vec::new();
    write(&mut bytes, &header, tensors).map_err(WeightsError::io(path))?;
    Ok(bytes)
}

fn write(
    file: &mut impl Write,
    header: &[u8],
    tensors: &BTreeMap<String, TensorData>,
) -> io::Result<()> {
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header)?;
    tensors.values().try_for_each(|data| file.write_all(data.as_bytes()))
}

/// The JSON header.
fn header(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
    metadata: Option<HashMap<String, String>>,
    types: &[DType],
) -> Result<Vec<u8>, WeightsError> {
    let mut end = 0;
    let mut infos = Vec::with_capacity(tensors.len());
    for (name, data) in tensors {
        let dtype = match data.dtype() {
            DType::I8 if types.contains(&DType::I8) => Dtype::I8,
            DType::F32 => Dtype::F32,
            other => {
                let reason = format!("has type {other:?}; weights are written as {types:?}");
                return Err(WeightsError::tensor(path, name, reason));
            }
        };
        let start = end;
        end += data.as_bytes().len();
        let shape = data.shape().to_vec();
        infos.push((name.clone(), TensorInfo { dtype, shape, data_offsets: (start, end) }));
    }
    let wrap = |source| WeightsError::Safetensors { path: path.to_owned(), source };
    let metadata = Metadata::new(metadata, infos).map_err(wrap)?;
    let mut header =
        serde_json::to_vec(&metadata).map_err(|error| wrap(SafeTensorError::JsonError(error)))?;
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    Ok(header)
}
