//! `model.safetensors` of an encoder-decoder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use burn::tensor::{DType, Device, TensorData};
use crosshead_blocks::NormOrder;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize as write};

use super::names;
use crate::{EncoderDecoder, EncoderDecoderConfig, ModelError, parameters};

/// Tables of sinusoids that some checkpoints carry; ours are computed.
const POSITIONS: [&str; 2] =
    ["model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"];

/// Other names of the tied embedding that some checkpoints carry.
const TIED: [&str; 3] =
    ["lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"];

/// The tensors of a file by name.
type Tensors<'a> = HashMap<String, TensorView<'a>>;

/// Loads a model of the given configuration from a file.
pub(super) fn load(
    config: &EncoderDecoderConfig,
    path: &Path,
    device: &Device,
) -> Result<EncoderDecoder, ModelError> {
    let bytes = fs::read(path).map_err(ModelError::io(path))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|source| ModelError::Safetensors { path: path.to_owned(), source })?;
    let mut tensors: Tensors<'_> = file.tensors().into_iter().collect();
    check_sizes(config, &tensors, path)?;
    let model = config.skeleton(device);
    let mut values = HashMap::new();
    for (parameter, shape) in parameters::shapes(&model) {
        let name = names::bart(&parameter);
        let tensor = find(&tensors, &name, &shape, path)?;
        let data = read(tensor, &shape).map_err(|reason| wrong(path, &name, reason))?;
        tensors.remove(&name);
        values.insert(parameter, data);
    }
    let known = |name: &str| POSITIONS.contains(&name) || TIED.contains(&name);
    if let Some(name) = tensors.into_keys().filter(|name| !known(name)).min() {
        return Err(ModelError::UnexpectedTensor { path: path.to_owned(), tensor: name });
    }
    Ok(parameters::replace(model, |parameter, _| values.remove(parameter)))
}

/// Compares the sizes of the configuration with tensors that show them, before memory for the model is taken: a
/// mistyped number of layers must not use it up.
fn check_sizes(
    config: &EncoderDecoderConfig,
    tensors: &Tensors<'_>,
    path: &Path,
) -> Result<(), ModelError> {
    let last_layer = |stack: &str, n_layers: usize| {
        let parameter = format!("{stack}.layers.{}.feed_forward.up.weight", n_layers - 1);
        (parameter, [config.stack.d_ff, config.stack.d_model])
    };
    let shown = [
        ("embedding".to_owned(), [config.vocab_size, config.stack.d_model]),
        last_layer("encoder", config.n_encoder_layers),
        last_layer("decoder", config.n_decoder_layers),
    ];
    shown.iter().try_for_each(|(parameter, shape)| {
        find(tensors, &names::bart(parameter), shape, path).map(|_| ())
    })
}

/// The tensor of that name and shape.
fn find<'t, 'a>(
    tensors: &'t Tensors<'a>,
    name: &str,
    shape: &[usize],
    path: &Path,
) -> Result<&'t TensorView<'a>, ModelError> {
    let tensor = tensors.get(name).ok_or_else(|| ModelError::MissingTensor {
        path: path.to_owned(),
        tensor: name.to_owned(),
    })?;
    // `final_logits_bias` has a leading dimension of one in files.
    let squeezed = tensor.shape().iter().skip_while(|&&size| size == 1);
    if tensor.shape() != shape && !squeezed.eq(shape) {
        let found = tensor.shape();
        return Err(wrong(
            path,
            name,
            format!("has shape {found:?}, but config.json asks for {shape:?}"),
        ));
    }
    Ok(tensor)
}

fn wrong(path: &Path, name: &str, reason: String) -> ModelError {
    ModelError::Tensor { path: path.to_owned(), tensor: name.to_owned(), reason }
}

/// The values of a tensor as f32, in the shape the model needs.
fn read(tensor: &TensorView<'_>, shape: &[usize]) -> Result<TensorData, String> {
    if tensor.dtype() != Dtype::F32 {
        return Err(format!("has type {:?}; only F32 is supported", tensor.dtype()));
    }
    let values: Vec<f32> = tensor
        .data()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    if let Some(index) = values.iter().position(|value| value.is_nan()) {
        return Err(format!("element {index} is NaN"));
    }
    Ok(TensorData::new(values, shape.to_vec()))
}

/// The bytes of a file that holds the model.
pub(super) fn serialize(model: &EncoderDecoder, path: &Path) -> Result<Vec<u8>, ModelError> {
    let mut tensors = BTreeMap::new();
    for (parameter, data) in parameters::read(model) {
        let mut shape = data.shape().to_vec();
        if parameter == "logits_bias" {
            shape.insert(0, 1);
        }
        tensors.insert(names::bart(&parameter), (shape, data.convert_dtype(DType::F32)));
    }
    tensors.extend(position_tables(model.config(), model));
    let views = tensors.iter().map(|(name, (shape, data))| {
        TensorView::new(Dtype::F32, shape.clone(), data.as_bytes())
            .map(|view| (name.as_str(), view))
    });
    let wrap = |source| ModelError::Safetensors { path: path.to_owned(), source };
    let views = views.collect::<Result<Vec<_>, _>>().map_err(wrap)?;
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    write(views, Some(metadata)).map_err(wrap)
}

/// The sinusoids, which a Pegasus file carries and a Marian file does not.
fn position_tables(
    config: &EncoderDecoderConfig,
    model: &EncoderDecoder,
) -> Vec<(String, (Vec<usize>, TensorData))> {
    let stack = &config.stack;
    if stack.norm_order == NormOrder::Post {
        return Vec::new();
    }
    [&model.encoder_input, &model.decoder_input]
        .into_iter()
        .zip(POSITIONS)
        .filter_map(|(input, name)| {
            let positions = input.positions.as_ref()?;
            let table = positions.forward(0, stack.max_len, &model.device()).into_data();
            Some((name.to_owned(), (vec![stack.max_len, stack.d_model], table)))
        })
        .collect()
}
