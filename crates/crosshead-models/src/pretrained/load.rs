//! A model filled from the weights of a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::Module;
use burn::tensor::TensorData;
use crosshead_weights::{TensorSource, parameters};

use super::names::{Form, Names, Place};
use super::tensors::Tensors;
use crate::ModelError;

/// Weights and what they are called.
pub(super) struct Weights<'a> {
    pub(super) tensors: Tensors<'a>,
    names: Names,
}

impl<'a> Weights<'a> {
    pub(super) fn new(checkpoint: &'a TensorSource, names: Names) -> Self {
        Self { tensors: Tensors::new(checkpoint, &names), names }
    }

    /// The model with its parameters.
    ///
    /// `expected` are parameters and the shapes that the configuration asks for: they are compared before memory for the
    /// model is taken, which a mistyped number of layers must not use up.
    pub(super) fn fill<M: Module>(
        &self,
        skeleton: impl FnOnce() -> M,
        expected: &[(String, Vec<usize>)],
    ) -> Result<M, ModelError> {
        for (parameter, shape) in expected {
            self.find(&self.place(parameter)?, shape)?;
        }
        let model = skeleton();
        let mut used = BTreeSet::new();
        for (parameter, shape) in parameters::shapes(&model) {
            let place = self.place(&parameter)?;
            if let Some(name) = self.find(&place, &shape)? {
                self.check_copies(&place.name, &name)?;
            }
            used.extend(self.names_of(&parameter));
        }
        let misplaced = |name: &&str| !used.contains(*name) && !self.is_ignored(name);
        if let Some(name) = self.tensors.names().find(misplaced) {
            let path = self.tensors.file(name).to_owned();
            let tensor = self.tensors.in_file(name).to_owned();
            return Err(ModelError::UnexpectedTensor { path, tensor });
        }
        // Tensor by tensor, so that what is read has to be kept only once.
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

    /// The model with those of the parameters that the file holds, and the names of the others.
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

    /// Whether the file holds another tensor for the output projection than for the embedding.
    pub(super) fn has_own_output(&self) -> Result<bool, ModelError> {
        let [output, embedding] = [self.place("output")?, self.place("embedding")?];
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

    /// The name under which the file holds a parameter, whose shape must fit; none where a file without it means zeros.
    pub(super) fn locate(
        &self,
        parameter: &str,
        shape: &[usize],
    ) -> Result<Option<String>, ModelError> {
        self.find(&self.place(parameter)?, shape)
    }

    /// Every name that the file may have for a parameter.
    pub(super) fn names_of(&self, parameter: &str) -> Vec<String> {
        let place = self.names.place(parameter);
        place.map(|place| self.names.candidates(&place.name)).unwrap_or_default()
    }

    /// Whether a tensor without a place is not missed.
    pub(super) fn is_ignored(&self, name: &str) -> bool {
        self.names.is_ignored(name)
    }

    fn place(&self, parameter: &str) -> Result<Place, ModelError> {
        self.names.place(parameter).ok_or_else(|| self.tensors.missing(parameter))
    }

    /// The name under which the file holds the parameter, whose shape must fit; none where that means zeros.
    fn find(&self, place: &Place, shape: &[usize]) -> Result<Option<String>, ModelError> {
        let mut candidates = self.names.candidates(&place.name).into_iter();
        let Some(name) = candidates.find(|name| self.tensors.shape(name).is_some()) else {
            return match place.optional {
                true => Ok(None),
                false => Err(self.tensors.missing(&place.name)),
            };
        };
        let expected = place.form.file_shape(shape);
        let found = self.tensors.shape(&name).unwrap_or_default();
        // A dimension of one more or less changes nothing.
        let fits = found == expected || place.form == Form::Row && found == shape;
        if !fits {
            let reason = format!("has shape {found:?}, but config.json asks for {expected:?}");
            return Err(self.tensors.wrong(&name, reason));
        }
        Ok(Some(name))
    }

    /// That every tensor which is one with `name` holds the same values.
    fn check_copies(&self, usual: &str, name: &str) -> Result<(), ModelError> {
        for copy in self.names.candidates(usual) {
            if copy != name
                && self.tensors.shape(&copy).is_some()
                && !self.are_equal(name, &copy)?
            {
                let reason = format!("differs from `{name}`, with which it must be one");
                return Err(self.tensors.wrong(&copy, reason));
            }
        }
        Ok(())
    }

    fn are_equal(&self, first: &str, second: &str) -> Result<bool, ModelError> {
        Ok(self.tensors.shape(first) == self.tensors.shape(second)
            && self.tensors.read(first)? == self.tensors.read(second)?)
    }

    fn read(&self, parameter: &str, shape: &[usize]) -> Result<TensorData, ModelError> {
        let place = self.place(parameter)?;
        let Some(name) = self.find(&place, shape)? else {
            let zeros = vec![0.0_f32; shape.iter().product()];
            return Ok(TensorData::new(zeros, shape.to_vec()));
        };
        Ok(place.form.extract(self.tensors.read(&name)?, shape))
    }
}

/// The error of a model that the family of the file at `path` cannot hold.
pub(super) fn no_place(path: &Path, parameter: &str) -> ModelError {
    ModelError::tensor(path, parameter, "the family has no such weight")
}
