//! Writing the safetensors format.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

use burn::tensor::{DType, TensorData};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use crate::WeightsError;
use crate::files::write_atomic_with;

/// Headers are filled up to a multiple of this, so that values lie where their type may.
const ALIGNMENT: usize = 8;

/// Writes f32 tensors in the order of their names, as `transformers` does: the same tensors give the same bytes.
///
/// # Errors
/// If a tensor is not f32, or the file cannot be written; it is then as it was before.
pub fn write_tensors(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
) -> Result<(), WeightsError> {
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let header = header(path, tensors, Some(format))?;
    write_atomic_with(path, |file| write(file, &header, tensors)).map_err(WeightsError::io(path))
}

/// The bytes of a `.safetensors` file of f32 tensors, in the order of their names and without metadata; `path` names it in
/// errors. [`from_safetensors`](crate::from_safetensors) reads them back.
///
/// # Errors
/// If a tensor is not f32.
pub fn to_safetensors(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
) -> Result<Vec<u8>, WeightsError> {
    let header = header(path, tensors, None)?;
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

/// The JSON that says where each tensor is.
fn header(
    path: &Path,
    tensors: &BTreeMap<String, TensorData>,
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, WeightsError> {
    let mut end = 0;
    let mut infos = Vec::with_capacity(tensors.len());
    for (name, data) in tensors {
        if data.dtype() != DType::F32 {
            let reason = format!("has type {:?}; weights are written as F32", data.dtype());
            return Err(WeightsError::tensor(path, name, reason));
        }
        let start = end;
        end += data.as_bytes().len();
        let shape = data.shape().to_vec();
        infos.push((
            name.clone(),
            TensorInfo { dtype: Dtype::F32, shape, data_offsets: (start, end) },
        ));
    }
    let wrap = |source| WeightsError::Safetensors { path: path.to_owned(), source };
    let metadata = Metadata::new(metadata, infos).map_err(wrap)?;
    let mut header =
        serde_json::to_vec(&metadata).map_err(|error| wrap(SafeTensorError::JsonError(error)))?;
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    Ok(header)
}
