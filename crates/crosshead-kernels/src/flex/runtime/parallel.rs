//! Fixed partitions of work, run on the rayon pool.

use rayon::prelude::*;

/// The number of elementary operations below which sharing work with other threads costs more than it saves.
const MIN_PARALLEL_WORK: usize = 1 << 15;

/// Calls `f` for every part, on the calling thread if the total `work`, in elementary operations, is small.
///
/// The parts must depend only on shapes, never on the number of threads.
pub(crate) fn for_each<P>(parts: P, work: usize, f: impl Fn(P::Item) + Send + Sync)
where
    P: IndexedParallelIterator,
{
    let shortest_run = if work < MIN_PARALLEL_WORK { usize::MAX } else { 1 };
    parts.with_min_len(shortest_run).for_each(f);
}

/// Calls `f(first_row, part)` for `values` in parts of `rows_per_part` rows.
pub(crate) fn for_each_rows<T: Send>(
    values: &mut [T],
    row_len: usize,
    rows_per_part: usize,
    work: usize,
    f: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    if values.is_empty() {
        return;
    }
    let parts = values.par_chunks_mut(rows_per_part * row_len).enumerate();
    for_each(parts, work, |(part, rows)| f(part * rows_per_part, rows));
}

/// `n` consecutive chunks of optional values.
pub(crate) fn optional_chunks(
    values: Option<&mut [f32]>,
    len: usize,
    n: usize,
) -> Vec<Option<&mut [f32]>> {
    match values {
        Some(values) => values.chunks_mut(len).map(Some).collect(),
        None => (0..n).map(|_| None).collect(),
    }
}

/// The work of a matrix multiplication, in the elementary operations of [`for_each`].
pub(crate) fn matmul_work(rows: usize, inner: usize, cols: usize) -> usize {
    const MULTIPLY_ADDS_PER_OPERATION: usize = 2;
    rows.saturating_mul(inner).saturating_mul(cols) / MULTIPLY_ADDS_PER_OPERATION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_visited_once_with_its_index() {
        for (rows, work) in [(0, 0), (1, 0), (7, 0), (7, usize::MAX), (64, usize::MAX)] {
            let mut values = vec![0; rows * 3];
            for_each_rows(&mut values, 3, 4, work, |first, part| {
                for (row, value) in part.chunks_mut(3).enumerate() {
                    value.fill(first + row + 1);
                }
            });
            let expected: Vec<usize> = (0..rows).flat_map(|row| [row + 1; 3]).collect();
            assert_eq!(values, expected);
        }
    }
}
