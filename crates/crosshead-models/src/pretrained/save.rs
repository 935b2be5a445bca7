//! The weights of a model, as its family writes them.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{DType, TensorData};
use crosshead_weights::{parameters, write_tensors};

use super::load::no_place;
use super::names::{Form, Names};
use crate::ModelError;

/// Writes `model.safetensors`: the parameters of a model, and tables that the family's files carry besides.
pub(super) fn save<M: Module>(
    model: &M,
    names: &Names,
    tables: Vec<(&'static str, TensorData)>,
    dir: &Path,
) -> Result<(), ModelError> {
    let path = dir.join("model.safetensors");
    let mut parts: BTreeMap<String, BTreeMap<usize, (Form, TensorData)>> = BTreeMap::new();
    for (parameter, data) in parameters::read(model) {
        let place = names.place(&parameter).ok_or_else(|| no_place(&path, &parameter))?;
        let part = if let Form::Columns { part, .. } = place.form { part } else { 0 };
        let data = data.convert_dtype(DType::F32);
        parts.entry(names.written(&place.name)).or_default().insert(part, (place.form, data));
    }
    let whole = parts.into_iter().filter_map(|(name, parts)| {
        let form = parts.values().next()?.0;
        Some((name, form.merge(parts.into_values().map(|(_, data)| data).collect())))
    });
    let tables = tables.into_iter().map(|(name, data)| (name.to_owned(), data));
    let tensors: BTreeMap<String, TensorData> = whole.chain(tables).collect();
    Ok(write_tensors(&path, &tensors)?)
}
