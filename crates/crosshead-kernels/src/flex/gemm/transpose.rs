//! Matrix transposition.

use crate::flex::runtime::parallel;

/// Rows of the output per part.
const BLOCK: usize = 16;

/// Writes the transpose of the row-major `matrix` with `rows` rows to `out`.
pub(crate) fn transpose(matrix: &[f32], rows: usize, out: &mut [f32]) {
    let cols = matrix.len().checked_div(rows).unwrap_or(0);
    parallel::for_each_rows(out, rows, BLOCK, matrix.len(), |first, part| {
        // Writes sixteen values of an output row at a time, so that each cache line of the input is used while it is in
        // cache.
        for start in (0..rows).step_by(BLOCK) {
            for (col, out) in part.chunks_exact_mut(rows).enumerate() {
                let out = &mut out[start..(start + BLOCK).min(rows)];
                let column = matrix[start * cols + first + col..].iter().step_by(cols);
                out.iter_mut().zip(column).for_each(|(out, &value)| *out = value);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        for (rows, cols) in [(0, 3), (1, 5), (16, 16), (17, 33), (300, 200)] {
            let matrix: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
            let mut out = vec![0.0; rows * cols];
            transpose(&matrix, rows, &mut out);
            for i in 0..rows {
                for j in 0..cols {
                    assert_eq!(out[j * rows + i], matrix[i * cols + j]);
                }
            }
        }
    }
}
