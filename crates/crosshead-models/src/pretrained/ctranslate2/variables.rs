//! The variables of a `model.bin` by name, with errors that name them.

use std::path::Path;

use crosshead_weights::{Ct2Model, Ct2Scalar};

use crate::ModelError;

/// The supported scalars, and those that only affect what CTranslate2 reports in addition to its outputs, such as
/// alignments. Layer numbers are left out. Any other scalar causes an error.
const KNOWN: &[&str] = &[
    "num_heads",
    "pre_norm",
    "activation",
    "embeddings_merge",
    "multi_query_attention",
    "alignment_layer",
    "alignment_heads",
    "scale_embeddings",
    "embeddings/multiply_by_sqrt_depth",
    "embeddings_0/multiply_by_sqrt_depth",
    "scale_outputs",
    "alibi",
    "alibi_use_positive_positions",
    "scale_alibi",
    "start_from_zero_embedding",
    "sliding_window",
    "layer/self_attention/queries_scale",
    "layer/self_attention/rotary_dim",
    "layer/self_attention/rotary_interleave",
    "layer/self_attention/rotary_base",
    "layer/self_attention/rotary_scaling_type",
    "layer/self_attention/rotary_scaling_factor",
    "layer/self_attention/rotary_low_freq_factor",
    "layer/self_attention/rotary_high_freq_factor",
    "layer/self_attention/original_max_position_embeddings",
    "layer/self_attention/num_heads_kv",
    "layer/self_attention/multi_query",
    "layer/self_attention/head_dim",
    "layer/self_attention/sliding_window",
    "layer/self_attention/relative_attention_max_distance",
    "layer/attention/queries_scale",
    "layer/attention/num_heads_kv",
    "layer/attention/multi_query",
    "layer/attention/head_dim",
];

/// Scalars before binary version 6, which `config.json` replaced.
const OLD_FLAGS: [&str; 4] =
    ["with_source_bos", "with_source_eos", "with_target_bos", "user_decoder_start_tokens"];

/// The variables of a file.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a> {
    path: &'a Path,
    model: &'a Ct2Model,
}

impl<'a> Variables<'a> {
    pub(super) fn new(path: &'a Path, model: &'a Ct2Model) -> Self {
        Self { path, model }
    }

    pub(super) fn model(&self) -> &'a Ct2Model {
        self.model
    }

    pub(super) fn path(&self) -> &'a Path {
        self.path
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, name: &str) -> Option<&'a [usize]> {
        self.model.tensors().shape(self.model.resolve(name))
    }

    /// Whether this tensor exists.
    pub(super) fn has(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    /// The number of rows and columns of a matrix.
    pub(super) fn matrix(&self, name: &str) -> Result<[usize; 2], ModelError> {
        match self.shape(name) {
            Some(&[rows, columns]) => Ok([rows, columns]),
            Some(shape) => {
                Err(self.wrong(name, format!("has shape {shape:?}, not two dimensions")))
            }
            None => Err(self.missing(name)),
        }
    }

    /// An attribute of a stack. Older files have one attribute for both stacks.
    pub(super) fn attribute(&self, scope: &str, name: &str) -> Option<Ct2Scalar> {
        let own = self.model.scalar(&format!("{scope}/{name}"));
        own.or_else(|| self.model.scalar(name))
    }

    /// An optional integer.
    pub(super) fn integer(&self, scope: &str, name: &str) -> Result<Option<i64>, ModelError> {
        match self.attribute(scope, name) {
            None => Ok(None),
            Some(Ct2Scalar::Integer(value)) => Ok(Some(value)),
            Some(Ct2Scalar::Float(value)) => {
                let reason = format!("is {value}, not an integer");
                Err(self.wrong(&format!("{scope}/{name}"), reason))
            }
        }
    }

    /// An optional size; 0 means none.
    pub(super) fn size(&self, scope: &str, name: &str) -> Result<Option<usize>, ModelError> {
        match self.integer(scope, name)? {
            None | Some(0) => Ok(None),
            Some(value) => usize::try_from(value).map(Some).map_err(|_| {
                self.wrong(&format!("{scope}/{name}"), format!("is {value}, not a size"))
            }),
        }
    }

    /// A flag.
    pub(super) fn flag(&self, scope: &str, name: &str, default: bool) -> Result<bool, ModelError> {
        Ok(self.integer(scope, name)?.map_or(default, |value| value != 0))
    }

    /// An optional number.
    pub(super) fn number(&self, scope: &str, name: &str) -> Option<f32> {
        self.attribute(scope, name).map(|scalar| match scalar {
            Ct2Scalar::Integer(value) => value as f32,
            Ct2Scalar::Float(value) => value,
        })
    }

    /// Checks that all scalars are supported, and that all layers have the same scalars as the first.
    ///
    /// # Errors
    /// If a scalar is not supported or differs.
    pub(super) fn check_known(&self) -> Result<(), ModelError> {
        for (name, value) in self.model.scalars() {
            let (scope, rest) = name.split_once('/').unwrap_or(("", name));
            let is_stack = matches!(scope, "encoder" | "decoder" | "");
            let (known, first) = match rest.split_once('/') {
                Some((layer, rest)) if layer_number(layer).is_some() => {
                    (format!("layer/{rest}"), Some(format!("{scope}/layer_0/{rest}")))
                }
                _ => (rest.to_owned(), None),
            };
            let is_old = scope.is_empty() && OLD_FLAGS.contains(&name);
            // The scale of an int16 tensor is read with the tensor.
            let is_scale = name.strip_suffix("_scale").is_some_and(|tensor| self.has(tensor));
            if !(is_old || is_scale || is_stack && KNOWN.contains(&known.as_str())) {
                let reason = format!("({}) is not supported", shown(value));
                return Err(self.wrong(name, reason));
            }
            if let Some(first) = first.filter(|_| !is_scale)
                && self.model.scalar(&first) != Some(value)
            {
                let reason =
                    format!("is {}, unlike `{first}`: all layers must be equal", shown(value));
                return Err(self.wrong(name, reason));
            }
        }
        Ok(())
    }

    /// An error in a variable.
    pub(super) fn wrong(&self, name: &str, reason: impl Into<String>) -> ModelError {
        ModelError::tensor(self.path, name, reason)
    }

    /// The error if a variable is missing.
    pub(super) fn missing(&self, name: &str) -> ModelError {
        let there = self.model.tensors().describe_names(name, &[]);
        self.wrong(name, format!("is missing: {there}"))
    }
}

/// The number in a name such as `layer_3`.
fn layer_number(segment: &str) -> Option<usize> {
    segment.strip_prefix("layer_")?.parse().ok()
}

fn shown(scalar: Ct2Scalar) -> String {
    match scalar {
        Ct2Scalar::Integer(value) => value.to_string(),
        Ct2Scalar::Float(value) => value.to_string(),
    }
}
