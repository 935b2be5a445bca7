//! Quantized tensors of weight files.

use burn::tensor::{Bytes, DType, TensorData};
use safetensors::Dtype;

use crate::values::{InvalidWeight, decode};

/// A tensor of integers with scales: each value is `integer / scale`.
#[derive(Clone, Debug)]
pub struct QuantizedTensor {
    integers: TensorData,
    scales: Vec<f32>,
}

impl QuantizedTensor {
    /// Creates a tensor from these bytes, which may be memory-mapped. `scales` has one element, or one for each row.
    pub(crate) fn new(
        bytes: Bytes,
        dtype: Dtype,
        shape: &[usize],
        scales: Vec<f32>,
    ) -> Result<Self, InvalidWeight> {
        let integers = match dtype {
            Dtype::I8 => TensorData::from_bytes(bytes, shape.to_vec(), DType::I8),
            // The bytes may be unaligned in the file.
            Dtype::I16 => TensorData::new(decode(&bytes, i16::from_le_bytes), shape.to_vec()),
            other => return Err(InvalidWeight::Type(other)),
        };
        Ok(Self { integers, scales })
    }

    /// The integers, i8 or i16.
    ///
    /// # Shapes
    /// - output: the shape of the tensor, such as `[d_out, d_in]`
    pub fn integers(&self) -> &TensorData {
        &self.integers
    }

    /// The quantization scales: one for the tensor, or one for each row.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Dequantizes to f32: integer · (1 / scale), like CTranslate2.
    pub fn dequantize(&self) -> TensorData {
        let shape = self.integers.shape().to_vec();
        let row_len = shape.iter().product::<usize>() / self.scales.len().max(1);
        let mut values = match self.integers.as_slice::<i8>() {
            Ok(integers) => integers.iter().map(|&integer| f32::from(integer)).collect::<Vec<_>>(),
            Err(_) => {
                let integers = self.integers.as_slice::<i16>().expect("integers are i8 or i16");
                integers.iter().map(|&integer| f32::from(integer)).collect()
            }
        };
        if row_len > 0 {
            for (row, scale) in values.chunks_mut(row_len).zip(&self.scales) {
                let factor = 1.0 / scale;
                row.iter_mut().for_each(|value| *value *= factor);
            }
        }
        TensorData::new(values, shape)
    }
}
