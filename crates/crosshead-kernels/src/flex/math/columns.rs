//! Column sums of a matrix.

use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;

/// Rows per partial sum.
const ROWS: usize = 64;

/// The sum of each column, in an order that depends only on the shape.
pub(crate) fn sum_columns(matrix: &[f32], cols: usize) -> Buffer {
    let parts = matrix.len().checked_div(cols).unwrap_or(0).div_ceil(ROWS);
    let mut partial = Buffer::zeros(parts * cols);
    parallel::for_each_rows(&mut partial, cols, 1, matrix.len(), |part, sums| {
        let rows = &matrix[part * ROWS * cols..];
        add_rows(sums, &rows[..rows.len().min(ROWS * cols)]);
    });
    combine(&partial, cols)
}

/// The total of partial sums, added in order.
pub(crate) fn combine(partial: &[f32], cols: usize) -> Buffer {
    let mut sums = Buffer::zeros(cols);
    add_rows(&mut sums, partial);
    sums
}

fn add_rows(sums: &mut [f32], rows: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(sums.len().max(1)) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_summed() {
        for (rows, cols) in [(0, 3), (1, 1), (65, 7), (200, 33)] {
            let matrix: Vec<f32> = (0..rows * cols).map(|i| (i % 11) as f32).collect();
            let sums = sum_columns(&matrix, cols);
            for (j, &sum) in sums.iter().enumerate() {
                let expected: f32 = matrix.iter().skip(j).step_by(cols).sum();
                assert_eq!(sum, expected, "small integers are summed exactly");
            }
        }
    }
}
