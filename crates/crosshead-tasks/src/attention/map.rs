//! Attention maps.

use std::ops::Range;

use burn::tensor::Tensor;
use crosshead_models::{AttentionKind, AttentionWeights, TokenBatch};

use super::axis::{AttentionToken, Axis};
use crate::TaskError;

/// The attention of a model in one text, a pair of texts, or a text and its translation.
#[derive(Clone, Debug)]
pub struct AttentionMaps {
    pub(crate) source: String,
    pub(crate) target: Option<String>,
    pub(crate) truncated: bool,
    pub(crate) layers: Vec<AttentionLayers>,
}

/// The attention of one kind in all layers and heads.
#[derive(Clone, Debug)]
pub struct AttentionLayers {
    kind: AttentionKind,
    queries: Axis,
    keys: Axis,
    /// `[1, n_heads, q_len, k_len]` for each layer
    weights: Vec<Tensor<4>>,
}

/// A head, or all heads of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttentionHead {
    /// The mean of all heads.
    #[default]
    Mean,
    /// The head with this index, from 0.
    Index(usize),
}

/// The attention weights of one head, or their mean over all heads of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionMap {
    pub(crate) queries: Axis,
    pub(crate) keys: Axis,
    pub(crate) weights: Vec<Vec<f32>>,
}

impl AttentionMaps {
    /// The source text, with the model's prefix, if it has one.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The target of an encoder-decoder, or the second text of a pair.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Whether a text exceeded the model's maximum length and was truncated.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The kinds of attention of the model: three in an encoder-decoder, one in other models.
    pub fn layers(&self) -> &[AttentionLayers] {
        &self.layers
    }

    /// The attention of one kind.
    ///
    /// # Errors
    /// If the model does not have this kind.
    pub fn of(&self, kind: AttentionKind) -> Result<&AttentionLayers, TaskError> {
        self.layers.iter().find(|layers| layers.kind == kind).ok_or_else(|| {
            let known = self.layers.iter().map(|layers| layers.kind).collect();
            TaskError::NoAttentionKind { kind, known }
        })
    }
}

/// The axes of the attention of each kind.
pub(crate) struct Axes {
    pub(crate) kind: AttentionKind,
    pub(crate) queries: Axis,
    pub(crate) keys: Axis,
}

/// The attention of each kind, with its axes.
pub(crate) fn layers(weights: &AttentionWeights, axes: Vec<Axes>) -> Vec<AttentionLayers> {
    let with_axes = |Axes { kind, queries, keys }| {
        let weights = weights.of(kind).to_vec();
        AttentionLayers { kind, queries, keys, weights }
    };
    axes.into_iter().map(with_axes).collect()
}

impl AttentionLayers {
    /// The kind.
    pub fn kind(&self) -> AttentionKind {
        self.kind
    }

    /// The number of layers.
    pub fn n_layers(&self) -> usize {
        self.weights.len()
    }

    /// The number of heads.
    pub fn n_heads(&self) -> usize {
        self.weights.first().map_or(0, |weights| weights.dims()[1])
    }

    /// The map of a layer, counted from 0.
    ///
    /// # Errors
    /// If there is no such layer or head.
    pub fn map(&self, layer: usize, head: AttentionHead) -> Result<AttentionMap, TaskError> {
        let (kind, n_layers, n_heads) = (self.kind, self.n_layers(), self.n_heads());
        let weights = self.weights.get(layer).cloned();
        let weights = weights.ok_or(TaskError::NoAttentionLayer { kind, layer, n_layers })?;
        let [_, _, q_len, k_len] = weights.dims();
        let weights = match head {
            AttentionHead::Mean => weights.mean_dim(1),
            AttentionHead::Index(head) if head < n_heads => weights.narrow(1, head, 1),
            AttentionHead::Index(head) => {
                return Err(TaskError::NoAttentionHead { kind, head, n_heads });
            }
        };
        let values: Vec<f32> = weights.reshape([q_len, k_len]).into_data().iter().collect();
        Ok(AttentionMap {
            queries: self.queries.clone(),
            keys: self.keys.clone(),
            weights: values.chunks(k_len.max(1)).map(<[f32]>::to_vec).collect(),
        })
    }
}

impl AttentionMap {
    /// The tokens that attend: the rows.
    ///
    /// In the decoder of an encoder-decoder, a row is the step that writes this token, so its weights show what was read in
    /// order to write it. In other models, a row is the position of the token itself.
    pub fn queries(&self) -> &[AttentionToken] {
        &self.queries.tokens
    }

    /// The tokens that are attended to: the columns.
    pub fn keys(&self) -> &[AttentionToken] {
        &self.keys.tokens
    }

    /// The weights of each query over the keys, which are not negative and add up to 1.
    pub fn weights(&self) -> &[Vec<f32>] {
        &self.weights
    }

    /// The map with the tokens of a word merged: the weights to its tokens are added, and the weights from its tokens are
    /// averaged (Clark et al. 2019, section 4.1), so that the weights of a query still add up to 1.
    #[must_use]
    pub fn to_words(&self) -> Self {
        let (rows, columns) = (self.queries.words(), self.keys.words());
        let row = |tokens: &Range<usize>| {
            let count = tokens.len() as f32;
            let of_tokens = &self.weights[tokens.clone()];
            let to_word = |keys: &Range<usize>| {
                let sum: f32 = of_tokens.iter().flat_map(|row| &row[keys.clone()]).sum();
                sum / count
            };
            columns.iter().map(to_word).collect()
        };
        Self {
            weights: rows.iter().map(row).collect(),
            queries: self.queries.merged(&rows),
            keys: self.keys.merged(&columns),
        }
    }
}

/// A batch of one text, which must have tokens.
pub(crate) fn checked<'a>(
    text: &str,
    ids: &'a [u32],
    lengths: &'a [usize; 1],
) -> Result<TokenBatch<'a>, TaskError> {
    match ids {
        [] => Err(TaskError::NoTokens { text: text.to_owned() }),
        [_, ..] => Ok(TokenBatch { ids, lengths }),
    }
}
