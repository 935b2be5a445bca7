//! Padding of rows with different lengths in one batch.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::compare::{Bound, compare_where};
use crate::{CheckError, Sequence};

/// Checks that the content after the first `lengths[row]` positions of each row does not affect the outputs at these
/// positions.
///
/// # Shapes
/// - output of `f`: `[batch, seq, features]`
///
/// # Errors
/// If an output changes by more than tolerance · (1 + |output|).
pub fn padding_content_does_not_change_real_outputs<X: Sequence>(
    f: impl Fn(X, &[usize]) -> Tensor<3>,
    x: X,
    lengths: &[usize],
    tolerance: f32,
) -> Result<(), CheckError> {
    require_padding(&x, lengths)?;
    let expected = f(x.clone(), lengths);
    let real = |index: &[usize]| index[1] < lengths[index[0]];
    x.others().into_iter().try_for_each(|other| {
        let changed = x.replace_where(&other, |row, position| position >= lengths[row]);
        let actual = f(changed, lengths);
        compare_where("with other padding", &actual, &expected, Bound::new(tolerance), real)
    })
}

/// Checks that a row padded to the length of the batch gives the same outputs as the unpadded row alone.
///
/// # Shapes
/// - output of `f`: `[batch, seq, features]`
///
/// # Errors
/// If an output differs by more than tolerance · (1 + |output|).
pub fn padded_rows_equal_unpadded_rows<X: Sequence>(
    f: impl Fn(X, &[usize]) -> Tensor<3>,
    x: X,
    lengths: &[usize],
    tolerance: f32,
) -> Result<(), CheckError> {
    require_padding(&x, lengths)?;
    let padded = f(x.clone(), lengths);
    for (row, &len) in lengths.iter().enumerate().filter(|&(_, &len)| len > 0) {
        let alone = f(x.rows(&[row]).positions(0..len), &[len]);
        compare_row("padded on the right", &padded, row, 0..len, &alone, tolerance)?;
    }
    Ok(())
}

/// Checks that padding on the left, padding on the right and no padding give the same outputs at the real positions,
/// for modules that depend only on relative positions.
///
/// `f` receives the real positions of each row.
///
/// # Shapes
/// - output of `f`: `[batch, seq, features]`
///
/// # Errors
/// If an output differs by more than tolerance · (1 + |output|).
pub fn the_side_of_padding_does_not_change_real_outputs<X: Sequence>(
    f: impl Fn(X, &[Range<usize>]) -> Tensor<3>,
    x: X,
    lengths: &[usize],
    tolerance: f32,
) -> Result<(), CheckError> {
    let [_, seq] = x.size();
    let on_right = |x, lengths: &[usize]| {
        let real: Vec<Range<usize>> = lengths.iter().map(|&len| 0..len).collect();
        f(x, &real)
    };
    padded_rows_equal_unpadded_rows(on_right, x.clone(), lengths, tolerance)?;
    let expected = on_right(x.clone(), lengths);
    let real: Vec<Range<usize>> = lengths.iter().map(|len| seq - len..seq).collect();
    let actual = f(padding_first(&x, lengths), &real);
    for (row, range) in real.into_iter().enumerate().filter(|(_, range)| !range.is_empty()) {
        let expected = expected.rows(&[row]).positions(0..range.len());
        compare_row("padded on the left", &actual, row, range, &expected, tolerance)?;
    }
    Ok(())
}

/// Each row with its padding moved in front of its content.
fn padding_first<X: Sequence>(x: &X, lengths: &[usize]) -> X {
    let [_, seq] = x.size();
    let rows = lengths.iter().enumerate().map(|(row, &len)| {
        let parts = [len..seq, 0..len].into_iter().filter(|range| !range.is_empty());
        X::join(parts.map(|range| x.rows(&[row]).positions(range)).collect(), 1)
    });
    X::join(rows.collect(), 0)
}

/// Compares the outputs at a row's real positions with the expected ones.
fn compare_row(
    situation: &str,
    batch: &Tensor<3>,
    row: usize,
    real: Range<usize>,
    expected: &Tensor<3>,
    tolerance: f32,
) -> Result<(), CheckError> {
    let context = format!("row {row}, {situation}, positions {real:?}");
    let actual = batch.rows(&[row]).positions(real);
    compare_where(context, &actual, expected, Bound::new(tolerance), |_| true)
}

fn require_padding<X: Sequence>(x: &X, lengths: &[usize]) -> Result<(), CheckError> {
    let [batch, seq] = x.size();
    assert!(lengths.len() == batch, "{} lengths for a batch of {batch}", lengths.len());
    if lengths.iter().all(|&len| len == seq) {
        return Err(CheckError::vacuous("no row has padding"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bricks::attend;
    use crate::{Finding, random};
    use burn::tensor::Device;

    const LENGTHS: [usize; 3] = [4, 2, 1];

    fn x() -> Tensor<3> {
        random([3, 4, 5], 2, &Device::flex())
    }

    fn masked(x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        attend(x, |row, _, key| key < lengths[row])
    }

    /// Leaves the first padding key visible.
    fn off_by_one(x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        attend(x, |row, _, key| key <= lengths[row])
    }

    #[test]
    fn masked_attention_passes() {
        padding_content_does_not_change_real_outputs(masked, x(), &LENGTHS, 1e-6).unwrap();
        padded_rows_equal_unpadded_rows(masked, x(), &LENGTHS, 1e-6).unwrap();
        let ranges = |x, real: &[Range<usize>]| attend(x, |row, _, key| real[row].contains(&key));
        the_side_of_padding_does_not_change_real_outputs(ranges, x(), &LENGTHS, 1e-6).unwrap();
    }

    #[test]
    fn attention_to_padding_is_found() {
        let error = padding_content_does_not_change_real_outputs(off_by_one, x(), &LENGTHS, 1e-6);
        assert!(
            matches!(error.unwrap_err().finding(), Finding::Value { index, .. } if index[0] > 0)
        );
        let error = padded_rows_equal_unpadded_rows(off_by_one, x(), &LENGTHS, 1e-6).unwrap_err();
        assert!(error.to_string().starts_with("row 1, padded on the right"), "{error}");
    }

    #[test]
    fn zeroed_padding_that_is_not_masked_is_found() {
        let mean = |x: Tensor<3>, lengths: &[usize]| {
            let zeros = x.zeros_like();
            let x = x.replace_where(&zeros, |row, position| position >= lengths[row]);
            x.clone().mean_dim(1).expand(x.dims())
        };
        padding_content_does_not_change_real_outputs(mean, x(), &LENGTHS, 1e-6).unwrap();
        assert!(padded_rows_equal_unpadded_rows(mean, x(), &LENGTHS, 1e-6).is_err());
    }

    #[test]
    fn a_right_padding_mask_for_left_padding_is_found() {
        let wrong_side = |x, real: &[Range<usize>]| attend(x, |row, _, key| key < real[row].len());
        let error =
            the_side_of_padding_does_not_change_real_outputs(wrong_side, x(), &LENGTHS, 1e-6);
        assert!(error.unwrap_err().to_string().contains("padded on the left"));
    }

    #[test]
    fn a_batch_without_padding_is_vacuous() {
        let error = padding_content_does_not_change_real_outputs(masked, x(), &[4; 3], 1e-6);
        assert!(matches!(error.unwrap_err().finding(), Finding::Vacuous(_)));
    }
}
