//! Configurations of encoder-decoders and causal language models.

use std::path::Path;

use super::places::{Extended, Places, Table};
use super::settings::Settings;
use super::stack::Stack;
use super::variables::Variables;
use super::vocabulary::Vocabulary;
use crate::{
    CausalLmConfig, EncoderDecoderConfig, InvalidField, ModelError, PositionKind, StackConfig,
};

/// The names of the padding token.
const PADDING: [&str; 3] = ["<pad>", "<blank>", "[PAD]"];

/// Reads the configuration of an encoder-decoder and the locations of its parameters.
///
/// # Errors
/// If a variable is missing or not supported.
pub(super) fn encoder_decoder(
    dir: &Path,
    variables: &Variables<'_>,
    settings: &Settings,
) -> Result<(EncoderDecoderConfig, Places), ModelError> {
    let encoder = Stack::read(variables, "encoder", settings)?;
    let decoder = Stack::read(variables, "decoder", settings)?;
    let stack = merge(variables, &encoder.config, &decoder.config)?;
    check_shared(variables, &encoder.embedding, &decoder.embedding)?;
    let vocabulary = Vocabulary::shared(dir)?;
    let n_tokens = decoder.vocab_size;
    vocabulary.check_fits(n_tokens)?;
    let eos_id = vocabulary.require_id("eos_token", &settings.eos_token)?;
    let starts_from_zero = variables.flag("decoder", "start_from_zero_embedding", false)?;
    let has_bias = variables.has("decoder/projection/bias");
    // Our models with a bias exclude padding from the softmax if it is the last id; CTranslate2 does not.
    let is_free = |id: &u32| !(has_bias && *id as usize + 1 == n_tokens);
    let padding = PADDING.iter().find_map(|token| vocabulary.id(token)).filter(is_free);
    let padding = padding.filter(|_| !starts_from_zero);
    let pad_id = padding.unwrap_or(n_tokens as u32);
    let start_id = match &settings.decoder_start_token {
        _ if starts_from_zero => pad_id,
        Some(token) => vocabulary.require_id("decoder_start_token", token)?,
        // The code of the target language replaces it when decoding.
        None => eos_id,
    };
    let is_extended = padding.is_none();
    let config = EncoderDecoderConfig {
        vocab_size: n_tokens + usize::from(is_extended),
        n_encoder_layers: encoder.n_layers,
        n_decoder_layers: decoder.n_layers,
        tied_output: is_tied(variables, &decoder.embedding)?,
        scale_output: scales_output(variables, stack.d_model)?,
        logits_bias: has_bias || is_extended,
        pad_id,
        eos_id,
        start_id,
        stack,
    };
    config.check().map_err(|error| impossible(variables, error))?;
    let extended = if is_extended { Extended::ByPadding } else { Extended::No };
    let places = Places::new(&config.stack, Table { name: decoder.embedding, extended });
    Ok((config, places))
}

/// Reads the configuration of a causal language model and the locations of its parameters.
///
/// # Errors
/// If a variable is missing or not supported.
pub(super) fn causal_lm(
    dir: &Path,
    variables: &Variables<'_>,
    settings: &Settings,
) -> Result<(CausalLmConfig, Places), ModelError> {
    let decoder = Stack::read(variables, "decoder", settings)?;
    let vocabulary = Vocabulary::of_decoder(dir)?;
    vocabulary.check_fits(decoder.vocab_size)?;
    for name in ["start_from_zero_embedding", "scale_outputs"] {
        if variables.number("decoder", name).is_some_and(|value| value != 0.0) {
            let reason = "is not supported in a causal language model";
            return Err(variables.wrong(&format!("decoder/{name}"), reason));
        }
    }
    let config = CausalLmConfig {
        vocab_size: decoder.vocab_size,
        n_layers: decoder.n_layers,
        tied_output: is_tied(variables, &decoder.embedding)?,
        bos_id: settings.bos_token.as_ref().and_then(|token| vocabulary.id(token)),
        eos_id: Some(vocabulary.require_id("eos_token", &settings.eos_token)?),
        pad_id: None,
        stack: decoder.config,
    };
    config.check().map_err(|error| impossible(variables, error))?;
    let table = Table { name: decoder.embedding, extended: Extended::No };
    let places = Places::new(&config.stack, table);
    Ok((config, places))
}

/// Merges the configurations of both stacks, which may differ only in biases and in the number of positions.
fn merge(
    variables: &Variables<'_>,
    encoder: &StackConfig,
    decoder: &StackConfig,
) -> Result<StackConfig, ModelError> {
    if let PositionKind::Rotary(_) = encoder.positions {
        let reason = "rotary positions are only supported in causal language models";
        return Err(variables.wrong("encoder/layer_0/self_attention/rotary_dim", reason));
    }
    // If only one stack has a bias, the bias of the other is zero.
    let shared = |own: &StackConfig, other: &StackConfig| StackConfig {
        qkv_bias: own.qkv_bias || other.qkv_bias,
        attention_out_bias: own.attention_out_bias || other.attention_out_bias,
        feed_forward_bias: own.feed_forward_bias || other.feed_forward_bias,
        max_len: own.max_len.min(other.max_len),
        ..own.clone()
    };
    let (own, other) = (shared(encoder, decoder), shared(decoder, encoder));
    if own == other {
        return Ok(own);
    }
    let [own, other] = [own, other].map(|config| format!("{config:#?}"));
    let differing = own.lines().zip(other.lines()).find(|(own, other)| own != other);
    let (own, other) = differing.map_or(("", ""), |(own, other)| (own.trim(), other.trim()));
    let reason =
        format!("`{other}` differs from `{own}` of the encoder: both stacks must be equal");
    Err(variables.wrong("decoder", reason))
}

/// Checks that encoder and decoder share one embedding.
fn check_shared(variables: &Variables<'_>, encoder: &str, decoder: &str) -> Result<(), ModelError> {
    if same_values(variables, encoder, decoder)? {
        return Ok(());
    }
    let reason = format!("differs from `{decoder}`: source and target must share one embedding");
    Err(variables.wrong(encoder, reason))
}

/// Whether the output projection is tied to the embedding.
fn is_tied(variables: &Variables<'_>, embedding: &str) -> Result<bool, ModelError> {
    same_values(variables, "decoder/projection/weight", embedding)
}

/// Whether two tensors are the same or equal.
fn same_values(variables: &Variables<'_>, a: &str, b: &str) -> Result<bool, ModelError> {
    let model = variables.model();
    let (own, other) = (model.resolve(a), model.resolve(b));
    if own == other {
        return Ok(true);
    }
    let tensors = model.tensors();
    if variables.matrix(a)? != variables.matrix(b)? {
        return Ok(false);
    }
    Ok(tensors.read(own)? == tensors.read(other)?)
}

/// Whether outputs are divided by √d_model.
fn scales_output(variables: &Variables<'_>, d_model: usize) -> Result<bool, ModelError> {
    let factor = (d_model as f32).sqrt().recip();
    match variables.number("decoder", "scale_outputs") {
        None => Ok(false),
        Some(1.0) => Ok(false),
        Some(value) if (value - factor).abs() <= 1e-6 * factor => Ok(true),
        Some(value) => {
            let reason = format!("is {value}; 1 and 1/√{d_model} are supported");
            Err(variables.wrong("decoder/scale_outputs", reason))
        }
    }
}

fn impossible(variables: &Variables<'_>, InvalidField { key, reason }: InvalidField) -> ModelError {
    ModelError::Key { path: variables.path().to_owned(), key: key.to_owned(), reason }
}
