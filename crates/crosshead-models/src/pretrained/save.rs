//! Writes the weights of a model under the names of its family.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{DType, TensorData};
use crosshead_weights::{parameters, write_tensors};

use super::load::no_such_weight;
use super::names::{Form, Names};
use crate::ModelError;

/// Writes `model.safetensors`: the parameters of a model, and the tables that files of the family also contain.
pub(super) fn save<M: Module>(
    model: &M,
    names: &Names,
    tables: Vec<(&'static str, TensorData)>,
    dir: &Path,
) -> Result<(), ModelError> {
    let path = dir.join("model.safetensors");
    let mut parts: BTreeMap<String, BTreeMap<usize, (Form, TensorData)>> = BTreeMap::new();
    for (parameter, data) in parameters::read(model) {
        let location = names.locate(&parameter).ok_or_else(|| no_such_weight(&path, &parameter))?;
        let part = if let Form::Columns { part, .. } = location.form { part } else { 0 };
        let data = data.convert_dtype(DType::F32);
        parts.entry(names.written(&location.name)).or_default().insert(part, (location.form, data));
    }
    let merged = parts.into_iter().filter_map(|(name, parts)| {
        let form = parts.values().next()?.0;
        Some((name, form.merge(parts.into_values().map(|(_, data)| data).collect())))
    });
    let tables = tables.into_iter().map(|(name, data)| (name.to_owned(), data));
    let tensors: BTreeMap<String, TensorData> = merged.chain(tables).collect();
    Ok(write_tensors(&path, &tensors)?)
}
