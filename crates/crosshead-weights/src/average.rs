//! The mean of the weights of several models.

use std::collections::BTreeMap;

use burn::tensor::{Shape, TensorData};

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

/// The mean of the weights of several models, which are added one after the other, so that only one is in memory. The values are
/// summed in f64 in the order of the models.
#[derive(Clone, Debug, Default)]
pub struct Mean {
    /// By name: the shape and the sums.
    sums: BTreeMap<String, (Shape, Vec<f64>)>,
    models: usize,
}

impl Mean {
    /// The mean of no models.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the weights of a model.
    ///
    /// # Errors
    /// If they do not have the names and shapes of the first model's; then nothing is added.
    pub fn add(&mut self, model: &BTreeMap<String, TensorData>) -> Result<(), AverageError> {
        if self.models == 0 {
            let sums = |(name, data): (&String, &TensorData)| {
                (name.clone(), (data.shape().clone(), data.iter::<f64>().collect()))
            };
            self.sums = model.iter().map(sums).collect();
            self.models = 1;
            return Ok(());
        }
        self.check(model)?;
        for (name, (_, sums)) in &mut self.sums {
            sums.iter_mut().zip(model[name].iter::<f64>()).for_each(|(sum, value)| *sum += value);
        }
        self.models += 1;
        Ok(())
    }

    /// Checks that another model has the same weights with the same shapes.
    fn check(&self, model: &BTreeMap<String, TensorData>) -> Result<(), AverageError> {
        let index = self.models;
        let missing = self.sums.keys().find(|name| !model.contains_key(*name));
        let new = model.keys().find(|name| !self.sums.contains_key(*name));
        if let Some(name) = missing.or(new) {
            return Err(AverageError::Missing { index, name: name.clone() });
        }
        for (name, (shape, _)) in &self.sums {
            let found = model[name].shape();
            if found != shape {
                let [expected, found] = [shape, found].map(|shape| shape.to_vec());
                return Err(AverageError::Shape { index, name: name.clone(), expected, found });
            }
        }
        Ok(())
    }

    /// The mean, in f32. Without models it has no weights.
    pub fn finish(self) -> BTreeMap<String, TensorData> {
        let n = self.models as f64;
        let mean = |(name, (shape, sums)): (String, (Shape, Vec<f64>))| {
            let values: Vec<f32> = sums.into_iter().map(|sum| (sum / n) as f32).collect();
            (name, TensorData::new(values, shape))
        };
        self.sums.into_iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(values: &[f32]) -> BTreeMap<String, TensorData> {
        BTreeMap::from([("w".to_owned(), TensorData::from(values))])
    }

    fn mean(
        models: &[BTreeMap<String, TensorData>],
    ) -> Result<BTreeMap<String, TensorData>, String> {
        let mut mean = Mean::new();
        for model in models {
            mean.add(model).map_err(|error| error.to_string())?;
        }
        Ok(mean.finish())
    }

    #[test]
    fn the_mean_is_taken_for_each_value() {
        let models = [model(&[1.0, -2.0]), model(&[2.0, 2.0]), model(&[6.0, 3.0])];
        assert_eq!(mean(&models), Ok(model(&[3.0, 1.0])));
        assert_eq!(mean(&models[..1]), Ok(model(&[1.0, -2.0])));
        assert_eq!(mean(&[]), Ok(BTreeMap::new()));
    }

    #[test]
    fn values_are_summed_in_f64() {
        // In f32, the small value would be lost beside the large ones.
        let models = [model(&[1e8]), model(&[1.5]), model(&[-1e8])];
        assert_eq!(mean(&models), Ok(model(&[0.5])));
    }

    #[test]
    fn other_shapes_and_names_are_errors_and_change_nothing() {
        let error = mean(&[model(&[1.0]), model(&[1.0, 2.0])]).unwrap_err();
        assert_eq!(error, "`w` has shape [1] in model 1 and [2] in model 2");
        let error = mean(&[model(&[1.0]), model(&[1.0]), BTreeMap::new()]).unwrap_err();
        assert_eq!(error, "only one of models 1 and 3 has the weight `w`");
        let mut mean = Mean::new();
        mean.add(&model(&[1.0])).unwrap();
        assert!(mean.add(&model(&[1.0, 2.0])).is_err());
        mean.add(&model(&[3.0])).unwrap();
        assert_eq!(mean.finish(), model(&[2.0]));
    }
}
