//! The mean of the weights of several models.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

/// Models whose weights cannot be averaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AverageError {
    /// Only one of two models has a weight.
    #[error("only one of models 1 and {} has the weight `{name}`", index + 1)]
    Missing {
        /// The index of the other model, from 0.
        index: usize,
        /// The weight.
        name: String,
    },
    /// A weight has different shapes.
    #[error("`{name}` has shape {expected:?} in model 1 and {found:?} in model {}", index + 1)]
    Shape {
        /// The index of the other model, from 0.
        index: usize,
        /// The weight.
        name: String,
        /// Its shape in the first model.
        expected: Vec<usize>,
        /// Its shape in the other one.
        found: Vec<usize>,
    },
}

/// The mean of the weights of several models, summed in f64 in the order of the models.
///
/// # Errors
/// If the models do not have the same weights with the same shapes.
pub fn average(
    models: &[BTreeMap<String, TensorData>],
) -> Result<BTreeMap<String, TensorData>, AverageError> {
    let Some((first, others)) = models.split_first() else { return Ok(BTreeMap::new()) };
    for (index, other) in (1..).zip(others) {
        let is_only_in = |a: &BTreeMap<String, TensorData>,
                          b: &BTreeMap<String, TensorData>|
         -> Option<String> {
            a.keys().find(|name| !b.contains_key(*name)).cloned()
        };
        if let Some(name) = is_only_in(first, other).or_else(|| is_only_in(other, first)) {
            return Err(AverageError::Missing { index, name });
        }
    }
    let mut means = BTreeMap::new();
    for (name, data) in first {
        let mut sums: Vec<f64> = data.iter::<f64>().collect();
        for (index, other) in (1..).zip(others) {
            let other = &other[name];
            if other.shape() != data.shape() {
                let [expected, found] = [data, other].map(|data| data.shape().to_vec());
                return Err(AverageError::Shape { index, name: name.clone(), expected, found });
            }
            sums.iter_mut().zip(other.iter::<f64>()).for_each(|(sum, value)| *sum += value);
        }
        let n = models.len() as f64;
        let values: Vec<f32> = sums.iter().map(|sum| (sum / n) as f32).collect();
        means.insert(name.clone(), TensorData::new(values, data.shape().clone()));
    }
    Ok(means)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(values: &[f32]) -> BTreeMap<String, TensorData> {
        BTreeMap::from([("w".to_owned(), TensorData::from(values))])
    }

    #[test]
    fn the_mean_is_taken_for_each_value() {
        let models = [model(&[1.0, -2.0]), model(&[2.0, 2.0]), model(&[6.0, 3.0])];
        assert_eq!(average(&models), Ok(model(&[3.0, 1.0])));
        assert_eq!(average(&models[..1]), Ok(model(&[1.0, -2.0])));
    }

    #[test]
    fn other_shapes_and_names_are_errors() {
        let error = average(&[model(&[1.0]), model(&[1.0, 2.0])]).unwrap_err();
        assert_eq!(error.to_string(), "`w` has shape [1] in model 1 and [2] in model 2");
        let error = average(&[model(&[1.0]), model(&[1.0]), BTreeMap::new()]).unwrap_err();
        assert_eq!(error.to_string(), "only one of models 1 and 3 has the weight `w`");
    }
}
