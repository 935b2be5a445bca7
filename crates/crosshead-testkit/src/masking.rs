//! Queries that may see nothing.

use burn::tensor::Tensor;

use crate::compare::{check_finite, check_same};
use crate::gradient::gradient;
use crate::{CheckError, Sequence};

/// Every output is finite, and so is every element of the gradient with respect to `x`.
///
/// Under a mask that hides all keys of a query, softmax is 0/0: the place where NaN enters a model.
///
/// # Errors
/// With the first element that is infinite or NaN.
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

/// The outputs of the batch rows `masked`, whose queries see no key at all, are zero; all others are finite, and so is
/// the gradient.
///
/// # Shapes
/// - output of `f`: `[batch, seq, features]`
///
/// # Errors
/// With the worst output that is not zero, or with the first element that is not finite.
pub fn fully_masked_rows_give_zeros<const D: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<3>,
    x: &Tensor<D>,
    masked: &[usize],
) -> Result<(), CheckError> {
    if masked.is_empty() {
        return Err(CheckError::vacuous("no row is masked"));
    }
    let outputs = f(x.clone()).rows(masked);
    check_same("rows that see nothing", &outputs, &outputs.zeros_like())?;
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

    /// Row 1 sees nothing; zero in place of a softmax over nothing.
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
    fn a_softmax_over_nothing_is_found() {
        let naive = |x| attend(x, |row, _, _| row == 0);
        let error = masked_rows_are_finite(naive, &x()).unwrap_err();
        assert_eq!(error.to_string(), "output: element [1, 0, 0] is NaN");
    }

    #[test]
    fn a_gradient_that_is_nan_behind_finite_outputs_is_found() {
        // The square root of zero is finite, its slope is not, and zero times infinity is NaN.
        let root = |x: Tensor<3>| ((x * 0.0).sqrt()) * 0.0;
        let error = masked_rows_are_finite(root, &x()).unwrap_err();
        assert!(matches!(error.finding(), Finding::NotFinite { .. }));
        assert!(error.to_string().starts_with("gradient"), "{error}");
    }

    #[test]
    fn a_finite_mask_that_spreads_over_hidden_keys_is_found() {
        let uniform = |x: Tensor<3>| x.clone().mean_dim(1).expand(x.dims());
        let error = fully_masked_rows_give_zeros(uniform, &x(), &[1]).unwrap_err();
        assert!(error.to_string().starts_with("rows that see nothing"), "{error}");
    }
}
