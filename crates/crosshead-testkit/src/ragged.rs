//! Batched decoding of prompts with different lengths.

use burn::tensor::Tensor;

use crate::compare::{Bound, compare_where};
use crate::{CheckError, Sequence};

/// Checks that prompts with different lengths, decoded in one batch, give the same outputs as each row on its own.
///
/// `start` creates a state for rows with the given numbers of padding positions on the left; `step` feeds it positions: first
/// the padded prompts, then one position per row at a time. The prompt of row b is the first `lengths[b]` positions of `x`.
///
/// # Shapes
/// - output of `full` and `step`: `[batch, seq, features]`
///
/// # Errors
/// If an output at a real position differs by more than tolerance · (1 + |output|) from that of the row alone.
pub fn ragged_steps_equal_the_full_pass<X: Sequence, S>(
    full: impl Fn(X) -> Tensor<3>,
    start: impl Fn(&[usize]) -> S,
    step: impl Fn(&mut S, X) -> Tensor<3>,
    x: X,
    lengths: &[usize],
    tolerance: f32,
) -> Result<(), CheckError> {
    let [batch, seq] = x.size();
    assert!(lengths.len() == batch, "{} lengths for a batch of {batch}", lengths.len());
    let longest = lengths.iter().copied().max().unwrap_or(0);
    assert!(longest < seq, "prompts of {longest} positions leave none of {seq} to decode");
    let padding: Vec<usize> = lengths.iter().map(|len| longest - len).collect();
    if padding.iter().all(|&padding| padding == 0) {
        return Err(CheckError::vacuous("all prompts have the same length"));
    }
    let expected: Vec<Tensor<3>> = (0..batch).map(|row| full(x.rows(&[row]))).collect();
    let mut state = start(&padding);
    let beginnings = (0..batch).map(|row| {
        let real = x.rows(&[row]).positions(0..lengths[row]);
        // The row's own first positions serve as padding; their content must not matter.
        match padding[row] {
            0 => real,
            padding => X::join(vec![x.rows(&[row]).positions(0..padding), real], 1),
        }
    });
    let actual = step(&mut state, X::join(beginnings.collect(), 0));
    for row in 0..batch {
        let real = actual.rows(&[row]).positions(padding[row]..longest);
        let expected = expected[row].positions(0..lengths[row]);
        let context = format!("row {row}, prompt of {} positions", lengths[row]);
        compare_where(context, &real, &expected, Bound::new(tolerance), |_| true)?;
    }
    for more in 0..seq - longest {
        let next = |row: usize| lengths[row] + more..lengths[row] + more + 1;
        let positions = (0..batch).map(|row| x.rows(&[row]).positions(next(row)));
        let actual = step(&mut state, X::join(positions.collect(), 0));
        for row in 0..batch {
            let expected = expected[row].positions(next(row));
            let context = format!("row {row}, {} positions after the prompt", more + 1);
            let actual = actual.rows(&[row]);
            compare_where(context, &actual, &expected, Bound::new(tolerance), |_| true)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;
    use burn::tensor::Device;

    const LENGTHS: [usize; 3] = [3, 1, 2];

    /// The sum of all positions so far.
    fn full(x: Tensor<3>) -> Tensor<3> {
        x.cumsum(1)
    }

    struct Sums {
        seen: Option<Tensor<3>>,
        padding: Vec<usize>,
    }

    fn start(padding: &[usize]) -> Sums {
        Sums { seen: None, padding: padding.to_vec() }
    }

    fn step(state: &mut Sums, x: Tensor<3>) -> Tensor<3> {
        let [_, added, _] = x.dims();
        let all = match state.seen.take() {
            Some(seen) => Tensor::cat(vec![seen, x], 1),
            None => x,
        };
        state.seen = Some(all.clone());
        let zeros = all.zeros_like();
        let real = all.replace_where(&zeros, |row, position| position < state.padding[row]);
        let [_, len, _] = real.dims();
        full(real).narrow(1, len - added, added)
    }

    fn x() -> Tensor<3> {
        random([3, 6, 4], 1, &Device::flex())
    }

    #[test]
    fn a_state_that_knows_its_padding_passes() {
        ragged_steps_equal_the_full_pass(full, start, step, x(), &LENGTHS, 1e-6).unwrap();
    }

    #[test]
    fn padding_that_is_not_masked_is_found() {
        let forgetful = |padding: &[usize]| start(&vec![0; padding.len()]);
        let error = ragged_steps_equal_the_full_pass(full, forgetful, step, x(), &LENGTHS, 1e-6);
        assert!(error.unwrap_err().to_string().starts_with("row 1, prompt"));
    }

    #[test]
    fn prompts_of_equal_length_are_vacuous() {
        let error = ragged_steps_equal_the_full_pass(full, start, step, x(), &[2; 3], 1e-6);
        assert!(matches!(error.unwrap_err().finding(), crate::Finding::Vacuous(_)));
    }
}
