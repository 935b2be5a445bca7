//! Comparing tensors element by element.

use burn::tensor::{Tensor, TensorData};

use crate::error::{CheckError, Finding};

/// |actual − expected| ≤ `absolute` + `relative` · |expected| for every element.
///
/// # Errors
/// If the shapes differ, or an element is not close. The error has the index and values of the worst element and the
/// number of elements that differ. NaN is not close to anything.
pub fn check_close<const D: usize>(
    actual: &Tensor<D>,
    expected: &Tensor<D>,
    relative: f32,
    absolute: f32,
) -> Result<(), CheckError> {
    let bound = Bound { relative, absolute };
    compare_where("the tensors differ", actual, expected, bound, |_| true)
}

/// Panics with the error of [`check_close`].
///
/// # Panics
/// If the tensors are not close.
#[track_caller]
pub fn assert_close<const D: usize>(
    actual: &Tensor<D>,
    expected: &Tensor<D>,
    relative: f32,
    absolute: f32,
) {
    if let Err(error) = check_close(actual, expected, relative, absolute) {
        panic!("{error}");
    }
}

/// The tolerance of a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    relative: f32,
    absolute: f32,
}

impl Bound {
    /// |actual − expected| ≤ tolerance · (1 + |expected|): relative for large values, absolute for small ones.
    pub(crate) fn new(tolerance: f32) -> Self {
        Self { relative: tolerance, absolute: tolerance }
    }

    /// The amount by which the distance exceeds the bound; infinite if a value is NaN.
    fn excess(self, actual: f32, expected: f32) -> f32 {
        if actual == expected {
            return f32::NEG_INFINITY;
        }
        let excess = (actual - expected).abs() - (self.absolute + self.relative * expected.abs());
        if excess.is_nan() { f32::INFINITY } else { excess }
    }
}

/// Compares the elements with an index for which `counts` holds.
pub(crate) fn compare_where<const D: usize>(
    context: impl Into<String>,
    actual: &Tensor<D>,
    expected: &Tensor<D>,
    bound: Bound,
    counts: impl Fn(&[usize]) -> bool,
) -> Result<(), CheckError> {
    compare_data(context, &actual.to_data(), &expected.to_data(), bound, counts)
}

/// The same for tensor data of any rank.
pub(crate) fn compare_data(
    context: impl Into<String>,
    actual: &TensorData,
    expected: &TensorData,
    bound: Bound,
    counts: impl Fn(&[usize]) -> bool,
) -> Result<(), CheckError> {
    let shape = actual.shape();
    if shape != expected.shape() {
        let (actual, expected) = (shape.to_vec(), expected.shape().to_vec());
        return Err(CheckError::new(context, Finding::Shape { actual, expected }));
    }
    let mut worst: Option<(f32, Vec<usize>, f32, f32)> = None;
    let (mut count, mut compared) = (0, 0);
    for (at, (actual, expected)) in actual.iter::<f32>().zip(expected.iter::<f32>()).enumerate() {
        let index = unravel(at, shape);
        if !counts(&index) {
            continue;
        }
        compared += 1;
        let excess = bound.excess(actual, expected);
        if excess > 0.0 {
            count += 1;
            if worst.as_ref().is_none_or(|(most, ..)| excess > *most) {
                worst = Some((excess, index, actual, expected));
            }
        }
    }
    let Some((_, index, actual, expected)) = worst else { return Ok(()) };
    Err(CheckError::new(context, Finding::Value { index, actual, expected, count, compared }))
}

/// Checks that two runs give exactly the same values.
///
/// # Errors
/// If they differ; the error names the worst element.
pub(crate) fn check_same<const D: usize>(
    context: &str,
    actual: &Tensor<D>,
    expected: &Tensor<D>,
) -> Result<(), CheckError> {
    compare_where(context, actual, expected, Bound::new(0.0), |_| true)
}

/// Checks that two runs differ in some element.
///
/// # Errors
/// If they are equal.
pub(crate) fn check_differ<const D: usize>(
    context: &str,
    a: &Tensor<D>,
    b: &Tensor<D>,
) -> Result<(), CheckError> {
    match check_same(context, a, b) {
        Ok(()) => Err(CheckError::new(context, Finding::Same)),
        Err(_) => Ok(()),
    }
}

/// Checks that every element is finite.
pub(crate) fn check_finite(context: impl Into<String>, x: &TensorData) -> Result<(), CheckError> {
    match x.iter::<f32>().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((at, value)) => {
            let index = unravel(at, x.shape());
            Err(CheckError::new(context, Finding::NotFinite { index, value }))
        }
    }
}

/// The elements, row-major.
pub(crate) fn values<const D: usize>(x: &Tensor<D>) -> Vec<f32> {
    x.to_data().iter::<f32>().collect()
}

/// The index of the element at a row-major offset.
fn unravel(mut offset: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (slot, size) in index.iter_mut().zip(shape).rev() {
        *slot = offset % size;
        offset /= size;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn matrix(values: [[f32; 2]; 2]) -> Tensor<2> {
        Tensor::from_data(values, &Device::flex())
    }

    #[test]
    fn the_worst_element_is_reported_with_its_index_and_values() {
        let expected = matrix([[1.0, 2.0], [3.0, 4.0]]);
        let error = check_close(&matrix([[1.1, 2.0], [5.0, 4.0]]), &expected, 1e-3, 0.0);
        assert_eq!(
            error.unwrap_err().to_string(),
            "the tensors differ: element [1, 0] is 5.0, expected 3.0 (2 of 4 elements differ)"
        );
    }

    #[test]
    fn a_difference_within_either_tolerance_passes() {
        let expected = matrix([[100.0, 0.0], [0.0, 0.0]]);
        let actual = matrix([[100.5, 0.005], [0.0, 0.0]]);
        assert_close(&actual, &expected, 0.01, 0.01);
        assert!(check_close(&actual, &expected, 0.01, 0.001).is_err());
        assert!(check_close(&actual, &expected, 0.001, 0.01).is_err());
    }

    #[test]
    fn nan_is_close_to_nothing_and_infinity_to_itself() {
        let of = |value| matrix([[value, 0.0], [0.0, 0.0]]);
        let (nan, infinite) = (of(f32::NAN), of(f32::NEG_INFINITY));
        assert!(check_close(&nan, &nan, 1.0, 1.0).is_err());
        assert!(check_close(&of(0.0), &infinite, 1.0, 1.0).is_err());
        assert!(check_close(&infinite, &of(0.0), 1.0, 1.0).is_err());
        assert_close(&infinite, &infinite, 0.0, 0.0);
    }

    #[test]
    #[should_panic(expected = "the shape is [2, 2], expected [1, 2]")]
    fn different_shapes_are_an_error() {
        let x = matrix([[0.0; 2]; 2]);
        assert_close(&x, &x.clone().narrow(0, 0, 1), 1.0, 1.0);
    }
}
