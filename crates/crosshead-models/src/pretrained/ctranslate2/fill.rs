//! Loads the parameters of a model from the variables of a file.

use burn::module::Module;
use burn::tensor::TensorData;
use crosshead_weights::parameters;

use super::places::{Place, Places};
use super::variables::Variables;
use crate::ModelError;
use crate::pretrained::WeightsReport;

/// Text variables of files before binary version 6.
const TEXTS: [&str; 3] = ["unk_token", "bos_token", "eos_token"];

/// The relative position bias. It is repeated in every layer; the one in the first layer is loaded.
const RELATIVE_BIAS: &str = "/self_attention/relative_attention_bias";

/// The variables of a file, with the locations of a model's parameters.
pub(in crate::pretrained) struct Weights<'a> {
    variables: Variables<'a>,
    places: &'a Places,
}

impl<'a> Weights<'a> {
    pub(super) fn new(variables: Variables<'a>, places: &'a Places) -> Self {
        Self { variables, places }
    }

    /// Loads the parameters of a model.
    ///
    /// # Errors
    /// If a variable is missing, has the wrong shape or invalid values, or is not part of the model.
    pub(in crate::pretrained) fn fill<M: Module>(&self, model: M) -> Result<M, ModelError> {
        let report = self.report(&parameters::shapes(&model));
        if let Some(name) = report.missing.first() {
            return Err(self.variables.missing(name));
        }
        if let Some((name, reason)) = report.wrong.into_iter().next() {
            return Err(self.variables.wrong(&name, reason));
        }
        if let Some(tensor) = report.unexpected.into_iter().next() {
            return Err(ModelError::UnexpectedTensor {
                path: self.variables.path().to_owned(),
                tensor,
            });
        }
        self.check_relative_biases()?;
        let (mut error, mut fused) = (None, None);
        let model = parameters::replace(model, |parameter, shape| {
            if error.is_some() {
                return None;
            }
            self.read(parameter, shape, &mut fused).map_err(|found| error = Some(found)).ok()
        });
        match error {
            Some(error) => Err(error),
            None => Ok(model),
        }
    }

    /// Compares the variables with parameters of these shapes, without reading values.
    pub(super) fn report(&self, shapes: &[(String, Vec<usize>)]) -> WeightsReport {
        let (model, tensors) = (self.variables.model(), self.variables.model().tensors());
        let mut report = WeightsReport {
            files: tensors.files().to_vec(),
            bytes: tensors.size(),
            ..WeightsReport::default()
        };
        for name in tensors.names() {
            let dtype = tensors.dtype(name).map_or(String::new(), |dtype| format!("{dtype:?}"));
            *report.dtypes.entry(dtype).or_default() += 1;
        }
        for (parameter, shape) in shapes {
            let Some(place) = self.places.place(parameter) else {
                report.missing.push(parameter.clone());
                continue;
            };
            match self.variables.shape(&place.name) {
                None if place.optional => {}
                None => report.missing.push(place.name),
                Some(found) => {
                    if let Err(reason) = fits(&place, found, shape) {
                        report.wrong.insert(place.name.clone(), reason);
                    }
                    report.loaded.insert(model.resolve(&place.name).to_owned());
                }
            }
        }
        report.missing.dedup();
        let is_scale = |name: &str| {
            let tensor = name.strip_suffix("_scale");
            tensor.is_some_and(|tensor| report.loaded.contains(tensor))
        };
        let is_ignored =
            |name: &&str| TEXTS.contains(name) || name.ends_with(RELATIVE_BIAS) || is_scale(name);
        let rest = tensors.names().filter(|name| !report.loaded.contains(*name));
        let (ignored, unexpected): (Vec<&str>, Vec<&str>) = rest.partition(is_ignored);
        report.unexpected = unexpected.into_iter().map(str::to_owned).collect();
        // Scales are read with their tensors.
        let ignored = ignored.into_iter().filter(|name| !name.ends_with("_scale"));
        report.ignored = ignored.map(str::to_owned).collect();
        report
    }

    /// Checks that all layers of a stack have the same relative position bias.
    fn check_relative_biases(&self) -> Result<(), ModelError> {
        let model = self.variables.model();
        for stack in ["encoder", "decoder"] {
            let first = format!("{stack}/layer_0{RELATIVE_BIAS}");
            let is_of_stack = |name: &&str| {
                name.starts_with(stack) && name.ends_with(RELATIVE_BIAS) && **name != *first
            };
            for name in model.tensors().names().filter(is_of_stack) {
                let own = model.tensors().read(model.resolve(&first))?;
                if own != model.tensors().read(name)? {
                    let reason = format!("differs from `{first}`: all layers must be equal");
                    return Err(self.variables.wrong(name, reason));
                }
            }
        }
        Ok(())
    }

    /// Reads a parameter. `fused` caches the last variable, from which several parameters may be read.
    fn read(
        &self,
        parameter: &str,
        shape: &[usize],
        fused: &mut Option<(String, TensorData)>,
    ) -> Result<TensorData, ModelError> {
        let model = self.variables.model();
        let place = self.places.place(parameter);
        let place = place.ok_or_else(|| self.variables.missing(parameter))?;
        let n = shape.iter().product();
        if !self.variables.has(&place.name) {
            let mut zeros = vec![0.0; n];
            set_last_row(&mut zeros, shape, place.added);
            return Ok(TensorData::new(zeros, shape.to_vec()));
        }
        let name = model.resolve(&place.name);
        if place.rows.is_none() && place.added.is_none() {
            return Ok(model.tensors().read(name)?);
        }
        if fused.as_ref().is_none_or(|(last, _)| last != name) {
            *fused = Some((name.to_owned(), model.tensors().read(name)?));
        }
        let values =
            fused.as_ref().map(|(_, data)| data.as_slice::<f32>().expect("weights are f32"));
        let values = values.unwrap_or_default();
        let row_len: usize = shape[1..].iter().product();
        let start = place.rows.map_or(0, |rows| rows.range.start) * row_len;
        let mut rows = Vec::with_capacity(n);
        rows.extend_from_slice(&values[start..values.len().min(start + n)]);
        rows.resize(n, 0.0);
        set_last_row(&mut rows, shape, place.added);
        Ok(TensorData::new(rows, shape.to_vec()))
    }
}

/// Sets the row that is not in the file.
fn set_last_row(values: &mut [f32], shape: &[usize], added: Option<f32>) {
    let row_len: usize = shape[1..].iter().product();
    if let Some(value) = added {
        let start = values.len() - row_len;
        values[start..].fill(value);
    }
}

/// Checks that a variable of shape `found` contains a parameter of shape `ours`.
fn fits(place: &Place, found: &[usize], ours: &[usize]) -> Result<(), String> {
    let n_rows = match &place.rows {
        None => ours[0] - usize::from(place.added.is_some()),
        Some(rows) => {
            rows.of.unwrap_or_else(|| found.first().copied().unwrap_or(0).max(rows.range.end))
        }
    };
    let expected = [&[n_rows], &ours[1..]].concat();
    if found == expected {
        return Ok(());
    }
    Err(format!("has shape {found:?}; the other variables require {expected:?}"))
}
