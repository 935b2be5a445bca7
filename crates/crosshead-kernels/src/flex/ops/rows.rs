//! Reordering rows, in place if possible.

use burn::backend::{Flex, flex::FlexTensor};
use burn::tensor::{Int, Tensor};
use rayon::prelude::*;

use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::tensor::{contiguous, dims, primitive, values, values_mut};

/// The fused implementation of [`crate::select_rows`], for a tensor without autodiff.
pub(crate) fn select_rows(x: Tensor<4>, rows: Tensor<1, Int>, len: usize) -> Tensor<4> {
    let mut x = contiguous(primitive(x));
    let [batch, capacity, n_heads, d_head] = dims(&x);
    let rows: Vec<usize> = rows.into_data().iter::<i64>().map(|row| checked(row, batch)).collect();
    let (row_len, used) = (capacity * n_heads * d_head, len * n_heads * d_head);
    if x.is_unique() && (1..=batch).contains(&rows.len()) {
        apply(&moves(&rows, batch), batch, values_mut(&mut x), row_len, used);
        Tensor::<4>::from_primitive::<Flex>(x).narrow(0, 0, rows.len())
    } else {
        let copy = gather(&x, &rows, row_len, used);
        let shape = [rows.len(), capacity, n_heads, d_head];
        Tensor::from_primitive::<Flex>(copy.into_tensor(shape))
    }
}

fn checked(row: i64, batch: usize) -> usize {
    match usize::try_from(row) {
        Ok(row) if row < batch => row,
        _ => panic!("row {row} is outside the batch of {batch}"),
    }
}

/// Copies the first `used` values of each row to new memory.
fn gather(x: &FlexTensor, rows: &[usize], row_len: usize, used: usize) -> Buffer {
    let x = values(x);
    let mut out = Buffer::unspecified(rows.len() * row_len);
    let parts = out.par_chunks_mut(row_len.max(1)).zip(rows);
    parallel::for_each(parts, rows.len() * used, |(out, &row)| {
        out[..used].copy_from_slice(&x[row * row_len..][..used]);
    });
    out
}

/// Copies a row; row `spare` denotes temporary memory.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Move {
    from: usize,
    to: usize,
}

/// The moves after which row i holds the former contents of row `rows[i]`. Each row is read before it is written.
fn moves(rows: &[usize], spare: usize) -> Vec<Move> {
    /// Marks a slot that already holds its row.
    const NOTHING: usize = usize::MAX;
    let mut sources: Vec<usize> = rows.to_vec();
    let mut readers = vec![0; spare + 1];
    for (slot, source) in sources.iter_mut().enumerate() {
        if *source == slot {
            *source = NOTHING;
        } else {
            readers[*source] += 1;
        }
    }
    let mut moves = Vec::new();
    for start in 0..rows.len() {
        // A slot may be written once no other slot needs to read it; this may in turn free the row that it reads.
        let mut slot = start;
        while sources[slot] != NOTHING && readers[slot] == 0 {
            let from = std::mem::replace(&mut sources[slot], NOTHING);
            moves.push(Move { from, to: slot });
            readers[from] -= 1;
            if from >= rows.len() {
                break;
            }
            slot = from;
        }
    }
    for start in 0..rows.len() {
        if sources[start] == NOTHING {
            continue;
        }
        // Only cycles are left: save one row of each, then move the others.
        moves.push(Move { from: start, to: spare });
        let mut slot = start;
        loop {
            let from = std::mem::replace(&mut sources[slot], NOTHING);
            if from == start {
                moves.push(Move { from: spare, to: slot });
                break;
            }
            moves.push(Move { from, to: slot });
            slot = from;
        }
    }
    moves
}

/// Moves the first `used` values of rows of `row_len`.
fn apply(moves: &[Move], spare: usize, x: &mut [f32], row_len: usize, used: usize) {
    let mut aside = Vec::new();
    for &Move { from, to } in moves {
        let (from_start, to_start) = (from * row_len, to * row_len);
        if to == spare {
            aside = x[from_start..][..used].to_vec();
        } else if from == spare {
            x[to_start..][..used].copy_from_slice(&aside);
        } else {
            x.copy_within(from_start..from_start + used, to_start);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_permutation_moves_each_displaced_row_once_and_one_row_of_each_cycle_twice(
            rows in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut cycles = 0;
            let mut seen = [false; 9];
            for start in (0..9).filter(|&slot| rows[slot] != slot) {
                cycles += usize::from(!seen[start]);
                let mut slot = start;
                while !std::mem::replace(&mut seen[slot], true) {
                    slot = rows[slot];
                }
            }
            let displaced = (0..9).filter(|&slot| rows[slot] != slot).count();
            prop_assert_eq!(moves(&rows, 9).len(), displaced + cycles);
        }
    }

    #[test]
    fn rows_that_stay_are_not_moved() {
        assert_eq!(moves(&[0, 1, 1, 3], 4), [Move { from: 1, to: 2 }]);
    }
}
