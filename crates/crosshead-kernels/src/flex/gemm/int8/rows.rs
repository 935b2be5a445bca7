//! Rows of activations, quantized to int8.

use rayon::prelude::*;

use crate::args::int8::{Int8Row, quantize};
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::words::Words;

/// Rows are padded to a multiple of this many bytes, which is the width of the widest vector.
const ALIGNMENT: usize = 64;

/// Rows per task.
const PART: usize = 16;

/// Quantized rows: x ≈ row scale · value, with values from −127 to 127.
pub(crate) struct Rows {
    /// i8, `[rows, stride]`, zero-padded.
    values: Words,
    /// `[rows]`
    rows: Vec<Int8Row>,
    stride: usize,
}

impl Rows {
    /// Quantizes `x`, `[rows, d_in]`.
    pub(crate) fn new(x: &[f32], rows: usize, d_in: usize) -> Self {
        let stride = d_in.next_multiple_of(ALIGNMENT).max(ALIGNMENT);
        let mut values = Words::unspecified(rows * stride / size_of::<i32>());
        let mut infos = vec![Int8Row::default(); rows];
        if d_in == 0 {
            values.fill(0);
            return Self { values, rows: infos, stride };
        }
        if rows <= PART {
            quantize_rows(x, d_in, values.as_bytes_mut(), &mut infos);
            return Self { values, rows: infos, stride };
        }
        let parts = values.as_bytes_mut().par_chunks_mut(PART * stride);
        let parts = parts.zip(infos.par_chunks_mut(PART)).zip(x.par_chunks(PART * d_in));
        parallel::for_each(parts, x.len(), |((values, infos), x)| {
            quantize_rows(x, d_in, values, infos);
        });
        Self { values, rows: infos, stride }
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The stride between rows, in bytes.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The values from row `first` on, `[rows, stride]`.
    pub(super) fn values(&self, first: usize) -> &[i8] {
        &self.values.as_bytes()[first * self.stride..]
    }

    /// The scale of a row and the sum of its values.
    pub(super) fn row(&self, row: usize) -> Int8Row {
        self.rows[row]
    }
}

/// Quantizes `x`, `[rows, d_in]`, into padded rows.
fn quantize_rows(x: &[f32], d_in: usize, values: &mut [i8], infos: &mut [Int8Row]) {
    let stride = values.len() / infos.len().max(1);
    let rows = values.chunks_exact_mut(stride.max(1)).zip(infos).zip(x.chunks_exact(d_in));
    vectorized(
        #[inline(always)]
        || {
            for ((values, info), x) in rows {
                values[d_in..].fill(0);
                *info = quantize(x, &mut values[..d_in]);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_with_zeros() {
        let rows = Rows::new(&[1.0, -2.0, 4.0, 2.0, 1.0, 0.0], 2, 3);
        assert_eq!((rows.len(), rows.stride()), (2, 64));
        assert_eq!(rows.values(0)[..4], [32, -64, 127, 0]);
        assert_eq!(rows.values(1)[..4], [127, 64, 0, 0]);
        assert_eq!((rows.row(0).sum, rows.row(1).sum), (95, 191));
    }
}
