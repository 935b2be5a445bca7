//! Loading the weights of a model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, TensorData};
use crosshead_weights::TensorSource;
use crosshead_weights::parameters::{self, Value};

use super::names::{Form, Location, Names};
use super::tensors::Tensors;
use crate::{ModelError, paths};

/// The weights of a directory and their names.
pub(super) struct Weights<'a> {
    pub(super) tensors: Tensors<'a>,
    names: Names,
}

impl<'a> Weights<'a> {
    pub(super) fn new(checkpoint: &'a TensorSource, names: Names) -> Self {
        Self { tensors: Tensors::new(checkpoint, &names), names }
    }

    /// Builds the model and fills its parameters.
    ///
    /// `expected` contains parameters with the shapes from the configuration. They are checked before memory is
    /// allocated, because a typo in the number of layers must not exhaust it.
    pub(super) fn fill<M: Module>(
        &self,
        skeleton: impl FnOnce(&Device) -> M,
        expected: &[(String, Vec<usize>)],
        device: &Device,
    ) -> Result<M, ModelError> {
        if let Some(name) = self.tensors.first_int8().filter(|_| device.is_autodiff()) {
            let path = self.tensors.file(name);
            let reason =
                "is int8, which cannot be trained; start from the model that it was quantized from";
            return Err(ModelError::tensor(path, name, reason));
        }
        for (parameter, shape) in expected {
            self.find(&self.location(parameter)?, shape)?;
        }
        let model = skeleton(device);
        let mut used = BTreeSet::new();
        for (parameter, shape) in parameters::shapes(&model) {
            let location = self.location(&parameter)?;
            if let Some(name) = self.find(&location, &shape)? {
                self.check_copies(&location.name, &name)?;
            }
            used.extend(self.names_of(&parameter));
        }
        let unexpected = |name: &&str| !used.contains(*name) && !self.is_ignored(name);
        if let Some(name) = self.tensors.names().find(unexpected) {
            let path = self.tensors.file(name).to_owned();
            let tensor = self.tensors.in_file(name).to_owned();
            return Err(ModelError::UnexpectedTensor { path, tensor });
        }
        // One tensor at a time, to avoid a second copy of the model in memory.
        let mut error = None;
        let model = parameters::replace(model, |parameter, shape| {
            if error.is_some() {
                return None;
            }
            self.read(parameter, shape).map_err(|found| error = Some(found)).ok()
        });
        match error {
            Some(error) => Err(error),
            None => Ok(model),
        }
    }

    /// Fills the parameters that the file contains, and returns the others.
    pub(super) fn fill_known<M: Module>(
        &self,
        model: M,
        parameters: &[String],
    ) -> Result<(M, Vec<String>), ModelError> {
        let is_known = |parameter: &&String| {
            let mut names = self.names_of(parameter).into_iter();
            names.any(|name| self.tensors.shape(&name).is_some())
        };
        let (known, unknown): (Vec<&String>, Vec<&String>) = parameters.iter().partition(is_known);
        let shapes = parameters::shapes(&model).into_iter();
        let mut values = BTreeMap::new();
        for (parameter, shape) in shapes.filter(|(parameter, _)| known.contains(&parameter)) {
            values.insert(parameter.clone(), self.read(&parameter, &shape)?);
        }
        let model = parameters::replace(model, |parameter, _| values.remove(parameter));
        Ok((model, unknown.into_iter().cloned().collect()))
    }

    /// Whether the output projection in the file differs from the embedding.
    pub(super) fn has_untied_output(&self) -> Result<bool, ModelError> {
        let [output, embedding] = [self.location("output")?, self.location("embedding")?];
        let has = |name: &String| self.tensors.shape(name).is_some();
        let is_output = |name: &String| self.names.candidates(&output.name).contains(name);
        let [output, embedding] = [
            self.names.candidates(&output.name).into_iter().find(has),
            self.names
                .candidates(&embedding.name)
                .into_iter()
                .find(|name| has(name) && !is_output(name)),
        ];
        match (output, embedding) {
            (Some(output), Some(embedding)) => Ok(!self.are_equal(&output, &embedding)?),
            _ => Ok(false),
        }
    }

    /// The name of the tensor that contains a parameter; `None` if the parameter is zero. The shape of the tensor must
    /// match.
    pub(super) fn locate(
        &self,
        parameter: &str,
        shape: &[usize],
    ) -> Result<Option<String>, ModelError> {
        self.find(&self.location(parameter)?, shape)
    }

    /// All possible names of a parameter in the file.
    pub(super) fn names_of(&self, parameter: &str) -> Vec<String> {
        let location = self.names.locate(parameter);
        location.map(|location| self.names.candidates(&location.name)).unwrap_or_default()
    }

    /// Whether a tensor is not needed.
    pub(super) fn is_ignored(&self, name: &str) -> bool {
        self.names.is_ignored(name)
    }

    fn location(&self, parameter: &str) -> Result<Location, ModelError> {
        self.names.locate(parameter).ok_or_else(|| self.tensors.missing(parameter))
    }

    /// The name of the tensor at a location; `None` if the parameter is zero. The shape of the tensor must match.
    fn find(&self, location: &Location, shape: &[usize]) -> Result<Option<String>, ModelError> {
        let mut candidates = self.names.candidates(&location.name).into_iter();
        let Some(name) = candidates.find(|name| self.tensors.shape(name).is_some()) else {
            return match location.optional {
                true => Ok(None),
                false => Err(self.tensors.missing(&location.name)),
            };
        };
        let expected = location.form.file_shape(shape);
        let found = self.tensors.shape(&name).unwrap_or_default();
        // The leading dimension of 1 is optional.
        let fits = found == expected || location.form == Form::Row && found == shape;
        if !fits {
            let reason = format!("has shape {found:?}, but config.json expects {expected:?}");
            return Err(self.tensors.wrong(&name, reason));
        }
        Ok(Some(name))
    }

    /// Checks that all tensors tied to `name` have equal values.
    fn check_copies(&self, usual: &str, name: &str) -> Result<(), ModelError> {
        for copy in self.names.candidates(usual) {
            if copy != name
                && self.tensors.shape(&copy).is_some()
                && !self.are_equal(name, &copy)?
            {
                let reason = format!("must equal the tied tensor `{name}`");
                return Err(self.tensors.wrong(&copy, reason));
            }
        }
        Ok(())
    }

    fn are_equal(&self, first: &str, second: &str) -> Result<bool, ModelError> {
        Ok(self.tensors.shape(first) == self.tensors.shape(second)
            && self.tensors.read(first)? == self.tensors.read(second)?)
    }

    fn read(&self, parameter: &str, shape: &[usize]) -> Result<Value, ModelError> {
        let location = self.location(parameter)?;
        let Some(name) = self.find(&location, shape)? else {
            let zeros = vec![0.0_f32; shape.iter().product()];
            return Ok(TensorData::new(zeros, shape.to_vec()).into());
        };
        if paths::takes_int8(parameter, shape)
            && let Some(matrix) = self.tensors.read_int8(&name)?
        {
            return Ok(location.form.extract_int8(matrix, shape));
        }
        Ok(location.form.extract(self.tensors.read(&name)?, shape).into())
    }
}

/// The error for a parameter that the family of the file at `path` does not have.
pub(super) fn no_such_weight(path: &Path, parameter: &str) -> ModelError {
    ModelError::tensor(path, parameter, "the family has no such weight")
}
