//! Writing the weights of a model with the names of its family, or its adapter.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{DType, TensorData};
use crosshead_kernels::Linears;
use crosshead_weights::{parameters, write_tensors};

use super::Head;
use super::adapter;
use super::load::no_such_weight;
use super::names::{Form, Names};
use crate::ModelError;

/// Writes `model.safetensors`: the parameters of a model, and the tables that files of the family also contain. The weights
/// of a model with low-rank updates are those of an adapter: the updates, without the model.
pub(super) fn save<M: Module + Linears>(
    model: &M,
    names: &Names,
    head: Head,
    tables: Vec<(&'static str, TensorData)>,
    dir: &Path,
) -> Result<(), ModelError> {
    if adapter::save(model, names, head, dir)? {
        return Ok(());
    }
    let path = dir.join("model.safetensors");
    let tables = tables.into_iter().map(|(name, data)| (name.to_owned(), data));
    let mut tensors = in_file(parameters::read(model), names, &path)?;
    tensors.extend(tables);
    Ok(write_tensors(&path, &tensors)?)
}

/// The tensors of a file of the family, from parameters by path.
pub(super) fn in_file(
    parameters: BTreeMap<String, TensorData>,
    names: &Names,
    path: &Path,
) -> Result<BTreeMap<String, TensorData>, ModelError> {
    let mut parts: BTreeMap<String, BTreeMap<usize, (Form, TensorData)>> = BTreeMap::new();
    for (parameter, data) in parameters {
        let location = names.locate(&parameter).ok_or_else(|| no_such_weight(path, &parameter))?;
        let part = if let Form::Columns { part, .. } = location.form { part } else { 0 };
        let data = data.convert_dtype(DType::F32);
        parts.entry(names.written(&location.name)).or_default().insert(part, (location.form, data));
    }
    let merged = parts.into_iter().filter_map(|(name, parts)| {
        let form = parts.values().next()?.0;
        Some((name, form.merge(parts.into_values().map(|(_, data)| data).collect())))
    });
    Ok(merged.collect())
}
