//! Rows of numbers in 8 bits.

use rayon::prelude::*;

use crate::args::int8::{Int8Row, quantize};
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::words::Words;

/// Rows are padded to a multiple of this, the bytes of the widest vector.
const ALIGNMENT: usize = 64;

/// Rows of one part of the work.
const PART: usize = 16;

/// Rows with one scale each: x ≈ scale · value, with values from −127 to 127.
pub(crate) struct Rows {
    /// `[rows, stride]` bytes, zeros after each row's values.
    values: Words,
    /// Scale and sum of the values, `[rows]`.
    rows: Vec<Int8Row>,
    stride: usize,
}

impl Rows {
    /// Rows of `d_in` numbers, each scaled so that its largest magnitude becomes 127.
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

    /// Bytes from a row to the next.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The values of row `first` and those after it, `[rows, stride]`.
    pub(super) fn values(&self, first: usize) -> &[i8] {
        &self.values.as_bytes()[first * self.stride..]
    }

    /// Scale and sum of a row.
    pub(super) fn row(&self, row: usize) -> Int8Row {
        self.rows[row]
    }
}

/// Some rows of `d_in` numbers, into padded ones.
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
