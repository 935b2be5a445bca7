//! Conversion between tensors in files and parameters.

use burn::tensor::TensorData;
use crosshead_weights::parameters::Value;
use crosshead_weights::{Int8Matrix, ScaleAxis};

use super::names::Form;

impl Form {
    /// The shape of the tensor in the file for a parameter of shape `ours`.
    pub(super) fn file_shape(self, ours: &[usize]) -> Vec<usize> {
        match (self, ours) {
            (Self::Row, _) => [&[1], ours].concat(),
            (Self::Transposed, &[d_out, d_in]) => vec![d_in, d_out],
            (Self::Columns { of, .. }, &[d_out, d_in]) => vec![d_in, of * d_out],
            (Self::Columns { of, .. }, &[n]) => vec![of * n],
            (Self::Same | Self::Transposed | Self::Columns { .. }, _) => ours.to_vec(),
        }
    }

    /// Extracts the parameter of shape `ours` from the tensor in the file.
    ///
    /// # Panics
    /// If the tensor does not have the shape [`file_shape`](Self::file_shape).
    pub(super) fn extract(self, data: TensorData, ours: &[usize]) -> TensorData {
        let values = || data.as_slice::<f32>().expect("weights are f32");
        match (self, ours) {
            (Self::Transposed, &[d_out, d_in]) => {
                TensorData::new(columns(values(), d_in, d_out, 0..d_out), [d_out, d_in])
            }
            (Self::Columns { part, of }, &[d_out, d_in]) => {
                let range = part * d_out..(part + 1) * d_out;
                TensorData::new(columns(values(), d_in, of * d_out, range), [d_out, d_in])
            }
            (Self::Columns { part, .. }, &[n]) => {
                TensorData::new(values()[part * n..(part + 1) * n].to_vec(), [n])
            }
            (Self::Row, _) => reshaped(data, ours),
            (Self::Same | Self::Transposed | Self::Columns { .. }, _) => data,
        }
    }

    /// Extracts a parameter of shape `ours` from an int8 matrix. It is dequantized if the scales do not belong to the
    /// rows of the parameter.
    ///
    /// # Panics
    /// If the matrix does not have the shape [`file_shape`](Self::file_shape).
    pub(super) fn extract_int8(self, matrix: Int8Matrix, ours: &[usize]) -> Value {
        let weight = match (self, matrix.axis, ours) {
            (Self::Same, ScaleAxis::Rows, &[..]) => matrix.into_weight(),
            (Self::Transposed, ScaleAxis::Columns, &[d_out, _]) => matrix.columns(0..d_out),
            (Self::Columns { part, .. }, ScaleAxis::Columns, &[d_out, _]) => {
                matrix.columns(part * d_out..(part + 1) * d_out)
            }
            (Self::Same | Self::Transposed | Self::Columns { .. } | Self::Row, ..) => {
                return Value::Float(self.extract(matrix.dequantize(), ours));
            }
        };
        Value::Int8(weight.expect("the scales are those of the parameter's rows"))
    }

    /// The dimension of the scales if the matrix in the file is int8.
    pub(super) fn scale_axis(self) -> ScaleAxis {
        match self {
            Self::Same | Self::Row => ScaleAxis::Rows,
            Self::Transposed | Self::Columns { .. } => ScaleAxis::Columns,
        }
    }

    /// Adds `update`, `[d_out, d_in]`, to the parameter in the tensor of the file.
    ///
    /// # Panics
    /// If the tensor does not have the shape [`file_shape`](Self::file_shape).
    pub(super) fn add(self, data: TensorData, update: &TensorData) -> TensorData {
        let [d_out, d_in] = [update.shape()[0], update.shape()[1]];
        let mut values = data.try_to_vec::<f32>().expect("weights are f32");
        for (index, value) in update.iter::<f32>().enumerate() {
            let (row, column) = (index / d_in, index % d_in);
            let at = match self {
                Self::Same | Self::Row => index,
                Self::Transposed => column * d_out + row,
                Self::Columns { part, of } => (column * of + part) * d_out + row,
            };
            values[at] += value;
        }
        TensorData::new(values, data.shape().to_vec())
    }

    /// Merges parameters, which are all parts of a tensor in order, to the tensor in the file.
    pub(super) fn merge(self, parts: Vec<TensorData>) -> TensorData {
        let ours = parts[0].shape().to_vec();
        let shape = self.file_shape(&ours);
        let values = |data: &TensorData| data.try_to_vec::<f32>().expect("weights are f32");
        match (self, ours.as_slice()) {
            (Self::Transposed | Self::Columns { .. }, &[_, d_in]) => {
                let rows: Vec<f32> = parts.iter().flat_map(values).collect();
                let d_out = rows.len() / d_in;
                TensorData::new(columns(&rows, d_out, d_in, 0..d_in), shape)
            }
            (Self::Columns { .. }, _) => {
                TensorData::new(parts.iter().flat_map(values).collect::<Vec<_>>(), shape)
            }
            (Self::Same | Self::Transposed | Self::Row, _) => {
                reshaped(parts.into_iter().next().expect("at least one part"), &shape)
            }
        }
    }
}

/// Changes the shape but keeps the values.
fn reshaped(data: TensorData, shape: &[usize]) -> TensorData {
    let (bytes, _, dtype) = data.into_parts();
    TensorData::from_bytes(bytes, shape.to_vec(), dtype)
}

/// Columns `range` of a row-major matrix of `rows` rows, transposed.
fn columns(values: &[f32], rows: usize, row_len: usize, range: std::ops::Range<usize>) -> Vec<f32> {
    range.flat_map(|column| (0..rows).map(move |row| values[row * row_len + column])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(values: &[i32], shape: &[usize]) -> TensorData {
        TensorData::new(
            values.iter().map(|&value| value as f32).collect::<Vec<_>>(),
            shape.to_vec(),
        )
    }

    #[test]
    fn one_of_three_column_parts_is_extracted() {
        // d_in = 2, d_out = 1, three parts side by side
        let file = data(&[1, 2, 3, 4, 5, 6], &[2, 3]);
        let form = Form::Columns { part: 1, of: 3 };
        assert_eq!(form.file_shape(&[1, 2]), [2, 3]);
        assert_eq!(form.extract(file, &[1, 2]), data(&[2, 5], &[1, 2]));
    }

    #[test]
    fn an_update_is_added_to_its_part() {
        for form in [Form::Same, Form::Transposed, Form::Columns { part: 1, of: 3 }] {
            let shape = form.file_shape(&[2, 4]);
            let n: usize = shape.iter().product();
            let file = data(&(0..n as i32).collect::<Vec<_>>(), &shape);
            let update = data(&[10, 20, 30, 40, 50, 60, 70, 80], &[2, 4]);
            let before: Vec<f32> = form.extract(file.clone(), &[2, 4]).iter::<f32>().collect();
            let sum = before.iter().zip(update.iter::<f32>()).map(|(a, b)| a + b);
            let after = form.add(file.clone(), &update);
            let extracted: Vec<f32> = form.extract(after.clone(), &[2, 4]).iter::<f32>().collect();
            assert_eq!(extracted, sum.collect::<Vec<f32>>(), "{form:?}");
            let changed = after.iter::<f32>().zip(file.iter::<f32>()).filter(|(a, b)| a != b);
            assert_eq!(changed.count(), 8, "{form:?}");
        }
    }

    #[test]
    fn merge_is_the_inverse_of_extract() {
        let matrix = data(&(0..24).collect::<Vec<_>>(), &[4, 6]);
        let bias = data(&(0..6).collect::<Vec<_>>(), &[6]);
        for (file, ours) in [(&matrix, &[2, 4][..]), (&bias, &[2][..])] {
            let part = |part| Form::Columns { part, of: 3 }.extract(file.clone(), ours);
            let merged = Form::Columns { part: 0, of: 3 }.merge((0..3).map(part).collect());
            assert_eq!(&merged, file);
        }
        let transposed = Form::Transposed.extract(matrix.clone(), &[6, 4]);
        assert_eq!(Form::Transposed.merge(vec![transposed]), matrix);
        let row = data(&[1, 2], &[1, 2]);
        let vector = Form::Row.extract(row.clone(), &[2]);
        assert_eq!(vector, data(&[1, 2], &[2]));
        assert_eq!(Form::Row.merge(vec![vector]), row);
    }
}
