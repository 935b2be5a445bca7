//! Step-by-step decoding compared with a full pass.

use burn::tensor::Tensor;

use crate::compare::{Bound, compare_where};
use crate::{CheckError, Sequence};

/// Checks that feeding positions to a state in chunks of any length gives the same outputs as one pass over all
/// positions.
///
/// `start` creates an empty state; `step` feeds it positions and returns their outputs.
///
/// # Shapes
/// - output of `full` and `step`: `[batch, seq, features]`
///
/// # Errors
/// If an output differs by more than tolerance · (1 + |output|).
pub fn cached_steps_equal_the_full_pass<X: Sequence, S>(
    full: impl Fn(X) -> Tensor<3>,
    start: impl Fn() -> S,
    step: impl Fn(&mut S, X) -> Tensor<3>,
    x: X,
    tolerance: f32,
) -> Result<(), CheckError> {
    let [_, seq] = x.size();
    if seq < 2 {
        return Err(CheckError::vacuous("a sequence of one position is one step"));
    }
    let expected = full(x.clone());
    for chunk in 1..=seq {
        let mut state = start();
        for first in (0..seq).step_by(chunk) {
            let range = first..seq.min(first + chunk);
            let actual = step(&mut state, x.positions(range.clone()));
            let context = format!("positions {range:?}, fed {chunk} at a time");
            let expected = expected.positions(range);
            compare_where(context, &actual, &expected, Bound::new(tolerance), |_| true)?;
        }
    }
    Ok(())
}

/// Checks that when the rows of a state are repeated, swapped and dropped between steps, as in beam search, each row
/// continues its own past.
///
/// `reorder(state, rows)` makes the former row `rows[i]` row i of the state.
///
/// # Shapes
/// - output of `full` and `step`: `[batch, seq, features]`
///
/// # Errors
/// If an output differs by more than tolerance · (1 + |output|) from that of the same row in the full pass.
pub fn reordered_steps_equal_the_full_pass<X: Sequence, S>(
    full: impl Fn(X) -> Tensor<3>,
    start: impl Fn() -> S,
    step: impl Fn(&mut S, X) -> Tensor<3>,
    reorder: impl Fn(&mut S, &[usize]),
    x: X,
    tolerance: f32,
) -> Result<(), CheckError> {
    let [batch, seq] = x.size();
    if batch < 2 || seq < 3 {
        return Err(CheckError::vacuous("reordering needs two rows and three positions"));
    }
    let expected = full(x.clone());
    let mut state = start();
    let mut rows: Vec<usize> = (0..batch).collect();
    for position in 0..seq {
        let order = order_before(position, rows.len());
        reorder(&mut state, &order);
        rows = order.into_iter().map(|row| rows[row]).collect();
        let range = position..position + 1;
        let actual = step(&mut state, x.rows(&rows).positions(range.clone()));
        let expected = expected.rows(&rows).positions(range);
        let context = format!("position {position}, with rows reordered to {rows:?}");
        compare_where(context, &actual, &expected, Bound::new(tolerance), |_| true)?;
    }
    Ok(())
}

/// Cycles through: every row twice, all rows reversed, all rows but the first.
fn order_before(position: usize, rows: usize) -> Vec<usize> {
    match position % 3 {
        0 => (0..2 * rows).map(|row| row / 2).collect(),
        1 => (0..rows).rev().collect(),
        _ => (1..rows).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bricks::{attend, attend_to};
    use crate::random;
    use burn::tensor::Device;

    /// A cache that keeps the positions themselves.
    type Seen = Option<Tensor<3>>;

    fn x() -> Tensor<3> {
        random([2, 5, 4], 4, &Device::flex())
    }

    fn full(x: Tensor<3>) -> Tensor<3> {
        attend(x, |_, query, key| key <= query)
    }

    fn step(seen: &mut Seen, x: Tensor<3>) -> Tensor<3> {
        step_with(seen, x, 0)
    }

    /// Attends to all positions seen so far except for the `lost` oldest ones.
    fn step_with(seen: &mut Seen, x: Tensor<3>, lost: usize) -> Tensor<3> {
        let before = seen.as_ref().map_or(0, |seen| seen.dims()[1]);
        let all = Tensor::cat(seen.take().into_iter().chain([x.clone()]).collect(), 1);
        *seen = Some(all.clone());
        attend_to(x, all, |_, query, key| key <= before + query && (before == 0 || key >= lost))
    }

    fn reorder(seen: &mut Seen, rows: &[usize]) {
        *seen = seen.take().map(|seen| seen.rows(rows));
    }

    #[test]
    fn a_cache_of_all_positions_passes() {
        cached_steps_equal_the_full_pass(full, || None, step, x(), 1e-6).unwrap();
        reordered_steps_equal_the_full_pass(full, || None, step, reorder, x(), 1e-6).unwrap();
    }

    #[test]
    fn a_cache_index_off_by_one_is_found() {
        let off_by_one = |seen: &mut Seen, x| step_with(seen, x, 1);
        let error = cached_steps_equal_the_full_pass(full, || None, off_by_one, x(), 1e-6);
        let message = error.unwrap_err().to_string();
        assert!(message.starts_with("positions 1..2, fed 1 at a time"), "{message}");
    }

    #[test]
    fn a_causal_limit_that_forgets_the_cached_positions_is_found() {
        let forgetful = |seen: &mut Seen, x: Tensor<3>| {
            let all = Tensor::cat(seen.take().into_iter().chain([x.clone()]).collect(), 1);
            *seen = Some(all.clone());
            attend_to(x, all, |_, query, key| key <= query)
        };
        assert!(cached_steps_equal_the_full_pass(full, || None, forgetful, x(), 1e-6).is_err());
    }

    #[test]
    fn a_cache_that_keeps_its_order_is_found() {
        let resize_only = |seen: &mut Seen, rows: &[usize]| {
            *seen = seen.take().map(|seen| {
                let batch = seen.dims()[0];
                let kept: Vec<usize> = (0..rows.len()).map(|row| row % batch).collect();
                seen.rows(&kept)
            });
        };
        let error =
            reordered_steps_equal_the_full_pass(full, || None, step, resize_only, x(), 1e-6);
        let message = error.unwrap_err().to_string();
        assert!(
            message.starts_with("position 1, with rows reordered to [1, 1, 0, 0]"),
            "{message}"
        );
    }
}
