//! A summary of a model: parts, parameters, memory and FLOPs.

use burn::module::Module;
use burn::tensor::Device;
use crosshead_weights::parameters;

use crate::{
    EncoderConfig, MaskedLm, ModelConfig, SequenceClassifier, StackConfig, TokenClassifier, paths,
};

/// The parts of a model with their parameters, and the cost per token.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The parts, in field order.
    pub parts: Vec<Part>,
    /// The number of trainable parameters.
    pub n_parameters: usize,
    /// Floating-point operations of a forward pass per token, for a text of [`max_len`](Self::max_len) tokens: two per
    /// element of each matrix that the token is multiplied with, plus the matrix multiplications in attention.
    pub flops_per_token: usize,
    /// The text length that [`flops_per_token`](Self::flops_per_token) assumes.
    pub max_len: usize,
}

/// A part of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The path of the part. All layers of a stack are merged, as in `encoder.layers.0..5.self_attn`.
    pub name: String,
    /// The shapes of its parameters in one layer.
    pub shapes: Vec<Vec<usize>>,
    /// The number of parameters in all layers.
    pub n_parameters: usize,
}

impl Summary {
    /// Summarizes a model from its configuration, without drawing weights.
    ///
    /// # Panics
    /// If the configuration is invalid.
    pub fn of(config: &ModelConfig, device: &Device) -> Self {
        match config {
            ModelConfig::EncoderDecoder(config) => {
                let (stack, max_len) = (&config.stack, config.stack.max_len);
                let attended = config.n_encoder_layers * max_len
                    + config.n_decoder_layers * (max_len / 2 + max_len);
                Self::new(&config.skeleton(device), stack, attended, config.tied_output)
            }
            ModelConfig::CausalLm(config) => {
                let attended = config.n_layers * config.stack.max_len / 2;
                Self::new(&config.skeleton(device), &config.stack, attended, config.tied_output)
            }
            ModelConfig::MaskedLm(config) => {
                Self::of_encoder(config, true, MaskedLm::new(config.skeleton(device)))
            }
            ModelConfig::SequenceClassifier(config, head) => {
                let model = SequenceClassifier::new(config.skeleton(device), *head);
                Self::of_encoder(config, false, model)
            }
            ModelConfig::TokenClassifier(config, n_classes) => {
                let model = TokenClassifier::new(config.skeleton(device), *n_classes, 0.0);
                Self::of_encoder(config, false, model)
            }
            ModelConfig::Encoder(config) => {
                Self::of_encoder(config, false, config.skeleton(device))
            }
        }
    }

    /// `tied` says whether the embedding is also the output projection.
    fn of_encoder(config: &EncoderConfig, tied: bool, model: impl Module) -> Self {
        let attended = config.n_layers * config.stack.max_len;
        Self::new(&model, &config.stack, attended, tied)
    }

    /// `attended` is the number of keys that a token attends to, summed over the layers.
    fn new<M: Module>(model: &M, stack: &StackConfig, attended: usize, tied: bool) -> Self {
        let shapes: Vec<(String, Vec<usize>)> = parameters::shapes(model)
            .into_iter()
            .filter(|(path, _)| !paths::is_buffer(path))
            .collect();
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        let matrices: usize = shapes
            .iter()
            .filter(|(path, shape)| shape.len() == 2 && !paths::is_table(path))
            .map(|(_, shape)| size(shape))
            .sum();
        let embedding: usize = shapes
            .iter()
            .filter(|(path, _)| tied && paths::is_embedding(path))
            .map(|(_, shape)| size(shape))
            .sum();
        Self {
            n_parameters: shapes.iter().map(|(_, shape)| size(shape)).sum(),
            flops_per_token: 2 * (matrices + embedding)
                + 4 * attended * stack.n_heads * stack.d_head(),
            max_len: stack.max_len,
            parts: parts(&shapes),
        }
    }

    /// The size of the parameters in f32, in bytes.
    pub fn bytes(&self) -> usize {
        4 * self.n_parameters
    }
}

/// Groups parameters by part and merges the layers of each stack.
fn parts(shapes: &[(String, Vec<usize>)]) -> Vec<Part> {
    let mut parts: Vec<(Part, usize)> = Vec::new();
    for (path, shape) in shapes {
        let (name, layer) = part_name(path);
        let n = shape.iter().product::<usize>();
        match parts.iter_mut().find(|(part, _)| part.name == name) {
            Some((part, last_layer)) => {
                if layer == 0 {
                    part.shapes.push(shape.clone());
                }
                part.n_parameters += n;
                *last_layer = layer.max(*last_layer);
            }
            None => {
                parts.push((Part { name, shapes: vec![shape.clone()], n_parameters: n }, layer));
            }
        }
    }
    let named = |(part, last_layer): (Part, usize)| Part {
        name: part.name.replace("layers.*", &format!("layers.0..{last_layer}")),
        ..part
    };
    parts.into_iter().map(named).collect()
}

/// The part of a parameter, with `*` for the layer, and the layer.
fn part_name(path: &str) -> (String, usize) {
    let segments: Vec<&str> = path.split('.').collect();
    let Some(at) = segments.iter().position(|&segment| segment == "layers") else {
        let part = segments.len().saturating_sub(1).max(1);
        return (segments[..part].join("."), 0);
    };
    let layer = segments[at + 1].parse().unwrap_or(0);
    (format!("{}.*.{}", segments[..=at].join("."), segments[at + 2]), layer)
}
