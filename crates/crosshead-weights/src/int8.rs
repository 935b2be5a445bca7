//! int8 matrices in files.
//!
//! The scales of the I8 tensor `NAME` are stored in the F32 tensor `NAME_scale`, which has the shape `[rows, 1]` for a
//! scale per row or `[1, columns]` for a scale per column.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Bytes, DType, TensorData};
use crosshead_kernels::Int8Weight;
use safetensors::Dtype;

use crate::WeightsError;
use crate::formats::Entry;

/// The suffix for the names of scales.
pub(crate) const SCALE_SUFFIX: &str = "_scale";

/// The dimension of the scales of an int8 matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleAxis {
    /// One scale per row.
    Rows,
    /// One scale per column.
    Columns,
}

/// An int8 matrix in the layout of a file.
#[derive(Debug)]
pub struct Int8Matrix {
    /// i8 values, row-major.
    pub values: Bytes,
    /// `[rows, columns]`
    pub shape: [usize; 2],
    /// The scales of the rows or columns.
    pub scales: Vec<f32>,
    /// The dimension of the scales.
    pub axis: ScaleAxis,
}

impl Int8Matrix {
    /// The values multiplied by their scales.
    pub fn dequantize(&self) -> TensorData {
        let [_, columns] = self.shape;
        let scale = |index: usize| match self.axis {
            ScaleAxis::Rows => self.scales[index / columns],
            ScaleAxis::Columns => self.scales[index % columns],
        };
        let values = self.values.iter().enumerate();
        let values = values.map(|(index, &byte)| f32::from(byte as i8) * scale(index));
        TensorData::new(values.collect::<Vec<f32>>(), self.shape)
    }

    /// A range of columns as the rows of a weight; `None` unless the scales are per column.
    ///
    /// # Panics
    /// If the range exceeds the columns.
    pub fn columns(&self, range: std::ops::Range<usize>) -> Option<Int8Weight> {
        let [rows, columns] = self.shape;
        let value = |row: usize, column: usize| self.values[row * columns + column] as i8;
        let values = range.clone().flat_map(|column| (0..rows).map(move |row| value(row, column)));
        (self.axis == ScaleAxis::Columns).then(|| Int8Weight {
            values: Bytes::from_elems(values.collect::<Vec<i8>>()),
            scales: self.scales[range.clone()].to_vec(),
            shape: [range.len(), rows],
        })
    }

    /// The matrix as a weight; `None` unless the scales are per row.
    pub fn into_weight(self) -> Option<Int8Weight> {
        let Self { values, shape, scales, axis } = self;
        (axis == ScaleAxis::Rows).then_some(Int8Weight { values, scales, shape })
    }

    /// Quantizes a row-major f32 matrix.
    ///
    /// # Panics
    /// If the number of values does not match the shape.
    pub fn quantize(values: &[f32], shape: [usize; 2], axis: ScaleAxis) -> Self {
        let [rows, columns] = shape;
        match axis {
            ScaleAxis::Rows => {
                let Int8Weight { values, scales, .. } = Int8Weight::quantize(values, shape);
                Self { values, shape, scales, axis }
            }
            ScaleAxis::Columns => {
                let by_column: Vec<f32> = transposed(values, rows, columns).collect();
                let weight = Int8Weight::quantize(&by_column, [columns, rows]);
                let values: Vec<i8> =
                    transposed(&weight.values, columns, rows).map(|byte| byte as i8).collect();
                Self { values: Bytes::from_elems(values), shape, scales: weight.scales, axis }
            }
        }
    }

    /// The tensors of a file: values and scales.
    pub fn into_tensors(self, name: &str) -> [(String, TensorData); 2] {
        let [rows, columns] = self.shape;
        let of_scales = match self.axis {
            ScaleAxis::Rows => [rows, 1],
            ScaleAxis::Columns => [1, columns],
        };
        [
            (name.to_owned(), TensorData::from_bytes(self.values, self.shape, DType::I8)),
            (format!("{name}{SCALE_SUFFIX}"), TensorData::new(self.scales, of_scales)),
        ]
    }
}

/// The values of a row-major matrix, column by column.
fn transposed<T: Copy>(values: &[T], rows: usize, columns: usize) -> impl Iterator<Item = T> {
    (0..columns).flat_map(move |column| (0..rows).map(move |row| values[row * columns + column]))
}

/// Removes the scales of int8 matrices from a list of tensors, and returns them keyed by the name of the matrix.
pub(crate) fn take_scales(
    tensors: &mut BTreeMap<String, (usize, Entry)>,
) -> BTreeMap<String, (usize, Entry)> {
    let is_int8 = |name: &&String| tensors[*name].1.dtype == Dtype::I8;
    let matrices: Vec<String> = tensors.keys().filter(is_int8).cloned().collect();
    let scales = matrices.into_iter().filter_map(|name| {
        let entry = tensors.remove(&format!("{name}{SCALE_SUFFIX}"))?;
        Some((name, entry))
    });
    scales.collect()
}

/// Reads an int8 matrix with its scales, which may be in a different file.
pub(crate) fn read(
    name: &str,
    (path, entry): (&Path, &Entry),
    scales: Option<(&Path, &Entry)>,
) -> Result<Int8Matrix, WeightsError> {
    let wrong = |reason: String| WeightsError::tensor(path, name, reason);
    let &[rows, columns] = entry.shape.as_slice() else {
        return Err(wrong(format!("is I8 of shape {:?}; only matrices are", entry.shape)));
    };
    let of_scales = format!("{name}{SCALE_SUFFIX}");
    let Some((scales_path, scales)) = scales else {
        return Err(wrong(format!("is I8, but there is no tensor `{of_scales}`")));
    };
    let wrong_scales = |reason: String| WeightsError::tensor(scales_path, &of_scales, reason);
    let axis = match scales.shape.as_slice() {
        &[n, 1] if n == rows => ScaleAxis::Rows,
        &[1, n] if n == columns => ScaleAxis::Columns,
        other => {
            let expected = format!("[{rows}, 1] or [1, {columns}]");
            return Err(wrong_scales(format!("has shape {other:?}, not {expected}")));
        }
    };
    if scales.dtype != Dtype::F32 {
        return Err(wrong_scales(format!("has type {}; scales are F32", scales.dtype)));
    }
    let bytes = scales.bytes(scales_path)?;
    let scales: Vec<f32> =
        bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect();
    if let Some(index) = scales.iter().position(|scale| !scale.is_finite() || *scale < 0.0) {
        return Err(wrong_scales(format!("element {index} is {}", scales[index])));
    }
    Ok(Int8Matrix { values: entry.bytes(path)?, shape: [rows, columns], scales, axis })
}
