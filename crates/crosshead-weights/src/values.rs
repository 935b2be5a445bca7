//! Conversion of weights to f32, and the check of their values.

use burn::tensor::{Bytes, DType, TensorData, bf16, f16};
use safetensors::Dtype;

/// A tensor that is not a valid weight.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum InvalidWeight {
    /// An unsupported dtype.
    #[error("has type {0}; weights are F32, F16 or BF16")]
    Type(Dtype),
    /// A NaN or an infinity.
    #[error("element {index} is {value}")]
    NotFinite { index: usize, value: f32 },
}

/// The number of values that are checked together.
const BLOCK: usize = 1024;

/// Converts to f32. Aligned f32 bytes are returned without a copy.
pub(crate) fn to_f32(
    bytes: Bytes,
    dtype: Dtype,
    shape: &[usize],
) -> Result<TensorData, InvalidWeight> {
    let values = match dtype {
        Dtype::F32
            if cfg!(target_endian = "little") && bytes.as_ptr().cast::<f32>().is_aligned() =>
        {
            return Ok(TensorData::from_bytes(bytes, shape.to_vec(), DType::F32));
        }
        Dtype::F32 => decode(&bytes, f32::from_le_bytes),
        Dtype::F16 => decode(&bytes, |pair| f16::from_le_bytes(pair).to_f32()),
        Dtype::BF16 => decode(&bytes, |pair| bf16::from_le_bytes(pair).to_f32()),
        other => return Err(InvalidWeight::Type(other)),
    };
    Ok(TensorData::new(values, shape.to_vec()))
}

/// The numbers in these bytes.
pub(crate) fn decode<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&chunk| value(chunk)).collect()
}

/// Rejects NaN and infinities. −∞ is valid if `may_exclude` is set.
pub(crate) fn check(data: &TensorData, may_exclude: bool) -> Result<(), InvalidWeight> {
    let values = data.as_slice::<f32>().expect("weights are read as f32");
    let is_wrong = |value: f32| !(value.is_finite() || (may_exclude && value == f32::NEG_INFINITY));
    let suspect = |block: &[f32]| block.iter().fold(false, |any, &value| any | is_wrong(value));
    let Some(block) = values.chunks(BLOCK).position(suspect) else { return Ok(()) };
    let wrong = values.iter().enumerate().skip(block * BLOCK).find(|&(_, &value)| is_wrong(value));
    wrong.map_or(Ok(()), |(index, &value)| Err(InvalidWeight::NotFinite { index, value }))
}
