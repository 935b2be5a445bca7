//! Reordering rows, in place if possible.

use burn::backend::{Flex, flex::FlexTensor};
use burn::tensor::{Int, Tensor};
use rayon::prelude::*;

use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::tensor::{contiguous, dims, primitive, values, values_mut};

/// The fused body of [`crate::select_rows`], for a tensor without autodiff.
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

/// The first `used` values of each of the rows in new memory.
fn gather(x: &FlexTensor, rows: &[usize], row_len: usize, used: usize) -> Buffer {
    let x = values(x);
    let mut out = Buffer::unspecified(rows.len() * row_len);
    let parts = out.par_chunks_mut(row_len.max(1)).zip(rows);
    parallel::for_each(parts, rows.len() * used, |(out, &row)| {
        out[..used].copy_from_slice(&x[row * row_len..][..used]);
    });
    out
}

/// A copy of a whole row; row `spare` means memory outside.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Move {
    from: usize,
    to: usize,
}

/// The moves that make row i what row `rows[i]` was, each row being read before it is written.
fn moves(rows: &[usize], spare: usize) -> Vec<Move> {
    /// The wanted row of a place that already has it.
    const NOTHING: usize = usize::MAX;
    let mut wanted: Vec<usize> = rows.to_vec();
    let mut readers = vec![0; spare + 1];
    for (place, wanted) in wanted.iter_mut().enumerate() {
        if *wanted == place {
            *wanted = NOTHING;
        } else {
            readers[*wanted] += 1;
        }
    }
    let mut moves = Vec::new();
    for start in 0..rows.len() {
        // A place may be written once no other place has to read it; this may free the row it reads in turn.
        let mut place = start;
        while wanted[place] != NOTHING && readers[place] == 0 {
            let from = std::mem::replace(&mut wanted[place], NOTHING);
            moves.push(Move { from, to: place });
            readers[from] -= 1;
            if from >= rows.len() {
                break;
            }
            place = from;
        }
    }
    for start in 0..rows.len() {
        if wanted[start] == NOTHING {
            continue;
        }
        // Only cycles are left: one row is copied aside, and the others follow.
        moves.push(Move { from: start, to: spare });
        let mut place = start;
        loop {
            let from = std::mem::replace(&mut wanted[place], NOTHING);
            if from == start {
                moves.push(Move { from: spare, to: place });
                break;
            }
            moves.push(Move { from, to: place });
            place = from;
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
        fn rows_that_only_change_places_move_once_and_one_of_each_circle_twice(
            rows in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut circles = 0;
            let mut seen = [false; 9];
            for start in (0..9).filter(|&place| rows[place] != place) {
                circles += usize::from(!seen[start]);
                let mut place = start;
                while !std::mem::replace(&mut seen[place], true) {
                    place = rows[place];
                }
            }
            let displaced = (0..9).filter(|&place| rows[place] != place).count();
            prop_assert_eq!(moves(&rows, 9).len(), displaced + circles);
        }
    }

    #[test]
    fn rows_that_stay_are_not_moved() {
        assert_eq!(moves(&[0, 1, 1, 3], 4), [Move { from: 1, to: 2 }]);
    }
}
