//! The weights of an encoder-decoder.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use burn::tensor::{DType, Device, TensorData};
use crosshead_blocks::NormOrder;

use super::{Checkpoint, names, write_tensors};
use crate::{EncoderDecoder, EncoderDecoderConfig, ModelError, parameters};

/// Tables of sinusoids that some checkpoints carry; ours are computed.
const POSITIONS: [&str; 2] =
    ["model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"];

/// Other names of the tied embedding that some checkpoints carry.
const TIED: [&str; 3] =
    ["lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"];

/// Loads a model of the given configuration from the weights of a directory.
pub(super) fn load(
    config: &EncoderDecoderConfig,
    dir: &Path,
    device: &Device,
) -> Result<EncoderDecoder, ModelError> {
    let checkpoint = Checkpoint::open(dir)?;
    check_sizes(config, &checkpoint)?;
    let model = config.skeleton(device);
    let mut unused: HashSet<&str> = checkpoint.names().collect();
    let mut values = HashMap::new();
    for (parameter, shape) in parameters::shapes(&model) {
        let name = names::bart(&parameter);
        check_shape(&checkpoint, &name, &shape)?;
        unused.remove(name.as_str());
        values.insert(parameter, reshaped(checkpoint.read(&name)?, shape));
    }
    let known = |name: &&str| POSITIONS.contains(name) || TIED.contains(name);
    if let Some(name) = unused.into_iter().filter(|name| !known(name)).min() {
        let path = checkpoint.file(name).to_owned();
        return Err(ModelError::UnexpectedTensor { path, tensor: name.to_owned() });
    }
    Ok(parameters::replace(model, |parameter, _| values.remove(parameter)))
}

/// Compares the sizes of the configuration with tensors that show them, before memory for the model is taken: a
/// mistyped number of layers must not use it up.
fn check_sizes(config: &EncoderDecoderConfig, checkpoint: &Checkpoint) -> Result<(), ModelError> {
    let last_layer = |stack: &str, n_layers: usize| {
        let parameter = format!("{stack}.layers.{}.feed_forward.up.weight", n_layers - 1);
        (parameter, [config.stack.d_ff, config.stack.d_model])
    };
    let shown = [
        ("embedding".to_owned(), [config.vocab_size, config.stack.d_model]),
        last_layer("encoder", config.n_encoder_layers),
        last_layer("decoder", config.n_decoder_layers),
    ];
    shown
        .iter()
        .try_for_each(|(parameter, shape)| check_shape(checkpoint, &names::bart(parameter), shape))
}

/// That there is a tensor of that name and shape.
fn check_shape(checkpoint: &Checkpoint, name: &str, shape: &[usize]) -> Result<(), ModelError> {
    let path = checkpoint.file(name);
    let found = checkpoint.shape(name).ok_or_else(|| ModelError::MissingTensor {
        path: path.to_owned(),
        tensor: name.to_owned(),
    })?;
    // `final_logits_bias` has a leading dimension of one in files.
    if found != shape && !found.iter().skip_while(|&&size| size == 1).eq(shape) {
        let reason = format!("has shape {found:?}, but config.json asks for {shape:?}");
        return Err(ModelError::tensor(path, name, reason));
    }
    Ok(())
}

/// Writes the file that holds the model.
pub(super) fn save(model: &EncoderDecoder, path: &Path) -> Result<(), ModelError> {
    let mut tensors = BTreeMap::new();
    for (parameter, data) in parameters::read(model) {
        let data = data.convert_dtype(DType::F32);
        let data = if parameter == "logits_bias" {
            let shape = [&[1], &*data.shape().to_vec()].concat();
            reshaped(data, shape)
        } else {
            data
        };
        tensors.insert(names::bart(&parameter), data);
    }
    tensors.extend(position_tables(model.config(), model));
    write_tensors(path, &tensors)
}

/// The same values in another shape.
fn reshaped(data: TensorData, shape: Vec<usize>) -> TensorData {
    let (bytes, _, dtype) = data.into_parts();
    TensorData::from_bytes(bytes, shape, dtype)
}

/// The sinusoids, which a Pegasus file carries and a Marian file does not.
fn position_tables(
    config: &EncoderDecoderConfig,
    model: &EncoderDecoder,
) -> Vec<(String, TensorData)> {
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
            Some((name.to_owned(), table))
        })
        .collect()
}
