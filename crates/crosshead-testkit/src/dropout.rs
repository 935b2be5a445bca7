//! Dropout in training and at inference.

use burn::tensor::Tensor;

use crate::CheckError;
use crate::compare::{check_differ, check_same};

/// Checks that, at inference, a module with dropout gives exactly the same output as the module without dropout.
///
/// # Errors
/// If an output differs; the error names the worst element.
pub fn dropout_is_off_at_inference<const D: usize, const E: usize>(
    inference: impl Fn(Tensor<D>) -> Tensor<E>,
    without_dropout: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Tensor<D>,
) -> Result<(), CheckError> {
    let expected = without_dropout(x.clone());
    check_same("inference with dropout configured", &inference(x.clone()), &expected)
}

/// Checks that, in training, the same key gives exactly the same outputs, a different key gives different outputs, and
/// both differ from inference.
///
/// `training(x, key)` runs the module with the random numbers of a key.
///
/// # Errors
/// If one of the three properties does not hold.
pub fn training_is_a_pure_function_of_the_key<const D: usize, const E: usize>(
    training: impl Fn(Tensor<D>, u64) -> Tensor<E>,
    inference: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Tensor<D>,
) -> Result<(), CheckError> {
    let run = |key| training(x.clone(), key);
    let (first, other) = (run(1), run(2));
    check_same("the same key again", &run(1), &first)?;
    check_differ("a different key", &other, &first)?;
    check_differ("training and inference", &first, &inference(x.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Finding, random};
    use burn::tensor::Device;
    use std::cell::Cell;

    fn x() -> Tensor<2> {
        random([8, 8], 6, &Device::flex())
    }

    fn dropped(x: Tensor<2>, key: u64) -> Tensor<2> {
        let kept = random(x.dims(), key, &x.device()).greater_elem(0.0).float();
        x * kept * 2.0
    }

    #[test]
    fn dropout_with_a_key_passes() {
        dropout_is_off_at_inference(|x| x, |x| x, &x()).unwrap();
        training_is_a_pure_function_of_the_key(dropped, |x| x, &x()).unwrap();
    }

    #[test]
    fn a_dropout_that_stays_on_is_found() {
        let error = dropout_is_off_at_inference(|x| dropped(x, 1), |x| x, &x()).unwrap_err();
        assert!(matches!(error.finding(), Finding::Value { .. }));
        let error = training_is_a_pure_function_of_the_key(dropped, |x| dropped(x, 1), &x());
        assert_eq!(error.unwrap_err().to_string(), "training and inference: nothing differs");
    }

    #[test]
    fn a_mask_that_depends_on_earlier_draws_is_found() {
        let draws = Cell::new(0);
        let stateful = |x, key| {
            draws.set(draws.get() + 1);
            dropped(x, key + draws.get())
        };
        let error = training_is_a_pure_function_of_the_key(stateful, |x| x, &x()).unwrap_err();
        assert!(error.to_string().starts_with("the same key again"), "{error}");
    }

    #[test]
    fn a_mask_that_ignores_the_key_is_found() {
        let frozen = |x, _| dropped(x, 0);
        let error = training_is_a_pure_function_of_the_key(frozen, |x| x, &x()).unwrap_err();
        assert_eq!(error.to_string(), "a different key: nothing differs");
    }
}
