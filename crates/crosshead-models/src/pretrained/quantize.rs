//! Quantization of a model directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, TensorData};
use crosshead_weights::{Int8Matrix, TensorSource, write_int8_tensors};

use super::derived::{check_new, copy_files, write_new};
use super::files::{ModelFiles, check_not_adapter};
use super::load::Weights;
use super::names::Form;
use super::{ModelDirectory, SentenceDirectory};
use crate::{ModelError, paths};

/// Quantizes the projections and the embedding of a model directory to int8 and writes a new model directory `out`. Other
/// tensors are written as f32, and other files are copied; `extra` adds files. Nothing is computed on `device`.
///
/// The directory is written atomically.
///
/// # Errors
/// If `out` exists, `dir` contains no model or an int8 model, or a file cannot be read or written.
pub fn quantize_directory(
    dir: &Path,
    out: &Path,
    device: &Device,
    extra: impl FnOnce(&Path) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    check_new(out)?;
    let model = encoder_of(dir)?;
    check_not_adapter(&model)?;
    let checkpoint = TensorSource::open(&model)?;
    if let Some(name) = checkpoint.first_int8() {
        return Err(ModelError::tensor(checkpoint.file(name), name, "is int8 already"));
    }
    let tensors = quantized(&ModelDirectory::open(&model)?, &checkpoint, device)?;
    let inside = model.strip_prefix(dir).unwrap_or(Path::new("")).to_owned();
    write_new(out, |out| {
        copy_files(dir, out, &model)?;
        write_int8_tensors(&out.join(&inside).join("model.safetensors"), &tensors)?;
        extra(out)
    })
}

/// The first int8 tensor of a model directory; `None` if it has none.
///
/// # Errors
/// If there are no weights, or a file is malformed.
pub fn int8_tensor(dir: &Path) -> Result<Option<String>, ModelError> {
    let files = ModelFiles::open(&encoder_of(dir)?)?;
    Ok(TensorSource::open(files.weights())?.first_int8().map(str::to_owned))
}

/// The directory with the weights: the encoder of a sentence-transformers directory.
fn encoder_of(dir: &Path) -> Result<PathBuf, ModelError> {
    let is_sentence = dir.join("modules.json").is_file();
    if is_sentence { Ok(SentenceDirectory::open(dir)?.encoder) } else { Ok(dir.to_owned()) }
}

/// The tensors of the new file: those that the model needs, under their names in the old file.
fn quantized(
    directory: &ModelDirectory,
    checkpoint: &TensorSource,
    device: &Device,
) -> Result<BTreeMap<String, TensorData>, ModelError> {
    let names = directory.names();
    let weights = Weights::new(checkpoint, names.clone());
    for (parameter, shape) in directory.expected_shapes() {
        weights.locate(&parameter, &shape)?;
    }
    // A tensor may contain several parameters.
    let mut forms: BTreeMap<String, Option<Form>> = BTreeMap::new();
    for (parameter, shape) in directory.shapes(device) {
        let Some(name) = weights.locate(&parameter, &shape)? else { continue };
        let form = names.locate(&parameter).map(|location| location.form);
        forms.insert(name, form.filter(|_| paths::takes_int8(&parameter, &shape)));
    }
    let mut tensors = BTreeMap::new();
    for (name, form) in forms {
        let in_file = weights.tensors.in_file(&name).to_owned();
        let data = weights.tensors.read(&name)?;
        match (form, data.shape().to_vec().as_slice()) {
            (Some(form), &[rows, columns]) => {
                let values = data.as_slice::<f32>().expect("weights are f32 once they are read");
                let matrix = Int8Matrix::quantize(values, [rows, columns], form.scale_axis());
                tensors.extend(matrix.into_tensors(&in_file));
            }
            (Some(_) | None, _) => {
                tensors.insert(in_file, data);
            }
        }
    }
    Ok(tensors)
}
