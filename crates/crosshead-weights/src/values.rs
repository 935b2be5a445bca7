//! Values of weights as f32.

use burn::tensor::{Bytes, DType, TensorData, bf16, f16};
use safetensors::Dtype;

/// What no weight is.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum NoWeight {
    /// A value of another type.
    #[error("has type {0}; weights are F32, F16 or BF16")]
    Type(Dtype),
    /// NaN or an infinity.
    #[error("element {index} is {value}")]
    NotFinite { index: usize, value: f32 },
}

/// How many values are looked at before deciding whether to go on.
const BLOCK: usize = 1024;

/// The values as f32; the bytes themselves, where they are f32 in a place that f32 may have.
pub(crate) fn to_f32(bytes: Bytes, dtype: Dtype, shape: &[usize]) -> Result<TensorData, NoWeight> {
    let values = match dtype {
        Dtype::F32
            if cfg!(target_endian = "little") && bytes.as_ptr().cast::<f32>().is_aligned() =>
        {
            return Ok(TensorData::from_bytes(bytes, shape.to_vec(), DType::F32));
        }
        Dtype::F32 => decode(&bytes, f32::from_le_bytes),
        Dtype::F16 => decode(&bytes, |pair| f16::from_le_bytes(pair).to_f32()),
        Dtype::BF16 => decode(&bytes, |pair| bf16::from_le_bytes(pair).to_f32()),
        other => return Err(NoWeight::Type(other)),
    };
    Ok(TensorData::new(values, shape.to_vec()))
}

fn decode<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&chunk| value(chunk)).collect()
}

/// Finds a value that no weight has: NaN and the infinities, but for −∞ where `may_exclude` allows it.
pub(crate) fn check(data: &TensorData, may_exclude: bool) -> Result<(), NoWeight> {
    let values = data.as_slice::<f32>().expect("weights are f32 once they are read");
    let is_wrong = |value: f32| !(value.is_finite() || (may_exclude && value == f32::NEG_INFINITY));
    let suspect = |block: &[f32]| block.iter().fold(false, |any, &value| any | is_wrong(value));
    let Some(block) = values.chunks(BLOCK).position(suspect) else { return Ok(()) };
    let wrong = values.iter().enumerate().skip(block * BLOCK).find(|&(_, &value)| is_wrong(value));
    wrong.map_or(Ok(()), |(index, &value)| Err(NoWeight::NotFinite { index, value }))
}
