//! Queries with all keys masked.

use burn::tensor::Tensor;

use crate::compare::{check_finite, check_same};
use crate::gradient::gradient;
use crate::{CheckError, Sequence};

/// Checks that every output and every element of the gradient with respect to `x` is finite.
///
/// If all keys of a query are masked, softmax is 0/0, which would introduce NaN into a model.
///
/// # Errors
/// If an element is infinite or NaN; the error names the first one.
pub fn masked_rows_are_finite<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Tensor<D>,
) -> Result<(), CheckError> {
    check_finite("output", &f(x.clone()).into_data())?;
    match gradient(f, x) {
        Some(gradient) => check_finite("gradient", &gradient.into_data()),
        None => Ok(()),
    }
}

/// Checks that the outputs of the batch rows in `masked`, in which all keys are masked for every query, are zero, and
/// that all other outputs and the gradient are finite.
///
/// # Shapes
/// - output of `f`: `[batch, seq, features]`
///
/// # Errors
/// If an output that should be zero is not, or an element is not finite; the error names the worst or the first such
/// element.
pub fn fully_masked_rows_give_zeros<const D: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<3>,
    x: &Tensor<D>,
    masked: &[usize],
) -> Result<(), CheckError> {
    if masked.is_empty() {
        return Err(CheckError::vacuous("no row is masked"));
    }
    let outputs = f(x.clone()).rows(masked);
    check_same("fully masked rows", &outputs, &outputs.zeros_like())?;
    masked_rows_are_finite(f, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bricks::attend;
    use crate::{Finding, random};
    use burn::tensor::Device;

    fn x() -> Tensor<3> {
        random([2, 3, 4], 5, &Device::flex())
    }

    /// All keys of row 1 are masked; its outputs are set to zero instead of the result of an empty softmax.
    fn guarded(x: Tensor<3>) -> Tensor<3> {
        let seen = attend(x.clone().narrow(0, 0, 1), |_, _, _| true);
        Tensor::cat(vec![seen, x.narrow(0, 1, 1) * 0.0], 0)
    }

    #[test]
    fn zeros_in_place_of_an_empty_softmax_pass() {
        masked_rows_are_finite(guarded, &x()).unwrap();
        fully_masked_rows_give_zeros(guarded, &x(), &[1]).unwrap();
    }

    #[test]
    fn an_empty_softmax_is_found() {
        let naive = |x| attend(x, |row, _, _| row == 0);
        let error = masked_rows_are_finite(naive, &x()).unwrap_err();
        assert_eq!(error.to_string(), "output: element [1, 0, 0] is NaN");
    }

    #[test]
    fn a_nan_gradient_of_finite_outputs_is_found() {
        // The square root of zero is finite, its slope is not, and zero times infinity is NaN.
        let root = |x: Tensor<3>| ((x * 0.0).sqrt()) * 0.0;
        let error = masked_rows_are_finite(root, &x()).unwrap_err();
        assert!(matches!(error.finding(), Finding::NotFinite { .. }));
        assert!(error.to_string().starts_with("gradient"), "{error}");
    }

    #[test]
    fn a_finite_mask_value_that_averages_masked_keys_is_found() {
        let uniform = |x: Tensor<3>| x.clone().mean_dim(1).expand(x.dims());
        let error = fully_masked_rows_give_zeros(uniform, &x(), &[1]).unwrap_err();
        assert!(error.to_string().starts_with("fully masked rows"), "{error}");
    }
}
