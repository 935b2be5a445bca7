//! Independence of the rows of a batch.

use burn::tensor::Tensor;

use crate::CheckError;
use crate::compare::{Bound, compare_where};

/// Checks that each row of a batch gives the same output as it does in a batch of one.
///
/// `f(rows)` runs the module on the given rows of the caller's batch, which has `batch` rows.
///
/// # Shapes
/// - output of `f`: `[rows, …]`
///
/// # Errors
/// If an output differs by more than tolerance · (1 + |output|).
pub fn a_batch_of_one_equals_its_row<const D: usize>(
    f: impl Fn(&[usize]) -> Tensor<D>,
    batch: usize,
    tolerance: f32,
) -> Result<(), CheckError> {
    if batch < 2 {
        return Err(CheckError::vacuous("a batch of one is its row"));
    }
    let all: Vec<usize> = (0..batch).collect();
    let batched = f(&all);
    for row in all {
        let context = format!("row {row} alone");
        let expected = batched.clone().narrow(0, row, 1);
        compare_where(context, &f(&[row]), &expected, Bound::new(tolerance), |_| true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bricks::attend;
    use crate::{Sequence, random};
    use burn::tensor::Device;

    #[test]
    fn attention_passes() {
        let x = random([3, 4, 5], 3, &Device::flex());
        let f = |rows: &[usize]| attend(x.rows(rows), |_, _, _| true);
        a_batch_of_one_equals_its_row(f, 3, 1e-6).unwrap();
    }

    #[test]
    fn a_scale_computed_over_the_batch_is_found() {
        let x = random([3, 4, 5], 3, &Device::flex());
        let scaled = |rows: &[usize]| {
            let x = x.rows(rows);
            x.clone() / x.abs().max().unsqueeze()
        };
        let error = a_batch_of_one_equals_its_row(scaled, 3, 1e-6).unwrap_err();
        assert!(error.to_string().starts_with("row "), "{error}");
    }
}
