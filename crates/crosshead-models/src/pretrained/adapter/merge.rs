//! Merging an adapter into its base model.

use std::path::Path;

use burn::tensor::Device;
use crosshead_weights::write_tensors;
use safetensors::Dtype;
use serde_json::{Value, json};

use super::WEIGHT;
use super::config::CONFIG;
use super::open::Adapter;
use crate::ModelError;
use crate::pretrained::derived::{check_new, copy_folder, is_weights, write_new};
use crate::pretrained::files::ModelFiles;
use crate::pretrained::load::Weights;
use crate::pretrained::set_config_keys;

/// Files of an adapter that a merged model does not need.
const NOT_COPIED: [&str; 2] = ["README.md", CONFIG];

/// Writes a model directory `out` whose weights are those of the base model with the updates of the adapter, in f32. Other
/// files are those of the base model, or of the adapter if it has them too. `extra` adds files.
///
/// The directory is written atomically.
///
/// # Errors
/// If `out` exists, the files have no adapter, the base model is int8, or a file cannot be read or written.
pub fn merge_directory(
    files: &ModelFiles,
    out: &Path,
    device: &Device,
    extra: impl FnOnce(&Path) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    check_new(out)?;
    let Some(dir) = files.adapter() else {
        let source = std::io::Error::other("contains no adapter to merge; name one with --adapter");
        return Err(ModelError::Io { path: files.dir().to_owned(), source });
    };
    let adapter = Adapter::open(dir)?;
    let directory = files.directory()?;
    let names = directory.names();
    let checkpoint = files.checkpoint(&names)?;
    if let Some(name) = checkpoint.first_int8() {
        let reason = "is int8; merge the adapter into the model that this one was quantized from";
        return Err(ModelError::tensor(checkpoint.file(name), name, reason));
    }
    let mut tensors = std::collections::BTreeMap::new();
    for name in checkpoint.names() {
        // Integers are computed tables, such as positions.
        if matches!(checkpoint.dtype(name), Some(Dtype::F32 | Dtype::F16 | Dtype::BF16)) {
            tensors.insert(name.to_owned(), checkpoint.read(name)?);
        }
    }
    let weights = Weights::new(&checkpoint, names.clone());
    let modules = adapter.modules()?;
    let mut unused = modules.clone();
    for (parameter, shape) in directory.shapes(device) {
        let (&[d_out, d_in], Some(location)) = (shape.as_slice(), names.locate(&parameter)) else {
            continue;
        };
        let Some(in_file) = weights.locate(&parameter, &shape)? else { continue };
        let candidates = names.candidates(&location.name).into_iter();
        let mut found = candidates.filter_map(|name| {
            let (module, pair) = modules.get_key_value(name.strip_suffix(WEIGHT)?)?;
            Some((module, pair))
        });
        let Some((module, pair)) = found.next() else { continue };
        unused.remove(module);
        let lora = adapter.read(module, pair, location.form, [d_out, d_in])?.into_lora(device);
        let in_file = weights.tensors.in_file(&in_file);
        if let Some(data) = tensors.remove(in_file) {
            let update = lora.update().into_data();
            tensors.insert(in_file.to_owned(), location.form.add(data, &update));
        }
    }
    if let Some([a, _]) = unused.into_values().next() {
        return Err(adapter.unexpected(&a));
    }
    write_new(out, |out| {
        copy_folder(files.weights(), out, |name| !is_weights(name))?;
        if files.dir() == dir {
            copy_folder(dir, out, |name| !is_weights(name) && !NOT_COPIED.contains(&name))?;
        }
        write_tensors(&out.join("model.safetensors"), &tensors)?;
        set_config_keys(out, &[("torch_dtype", json!("float32")), ("dtype", Value::Null)])?;
        extra(out)
    })
}
