//! A small model and sentences for it.

use std::io;
use std::path::Path;

use burn::tensor::{Device, Int, Tensor};
use crosshead_blocks::NormOrder;
use crosshead_kernels::Activation;
use crosshead_models::{
    EncoderDecoder, EncoderDecoderConfig, GenerationDefaults, ModelError, StackConfig, TokenBatch,
};
use crosshead_testkit::jittered;
use proptest::prelude::*;

/// The tolerance for f32 sums of a few dozen terms in a different order, through a few layers.
pub(crate) const TOLERANCE: f32 = 5e-5;

/// The number of rows of a [`sentences`] batch.
pub(crate) const BATCH: usize = 3;

pub(crate) const VOCAB_SIZE: usize = 13;
pub(crate) const PAD_ID: u32 = VOCAB_SIZE as u32 - 1;

pub(crate) fn norm_orders() -> impl Strategy<Value = NormOrder> {
    prop::sample::select(vec![NormOrder::Pre, NormOrder::Post])
}

/// Two layers per stack, with a smooth activation for finite differences.
pub(crate) fn config(norm_order: NormOrder) -> EncoderDecoderConfig {
    EncoderDecoderConfig {
        stack: StackConfig {
            d_model: 8,
            d_ff: 12,
            n_heads: 2,
            max_len: 24,
            norm_order,
            activation: Activation::Gelu,
            dropout: 0.0,
            ..StackConfig::default()
        },
        n_encoder_layers: 2,
        n_decoder_layers: 2,
        ..EncoderDecoderConfig::new(VOCAB_SIZE)
    }
}

/// A model with nonzero biases and non-unit norms.
pub(crate) fn model(norm_order: NormOrder) -> EncoderDecoder {
    model_of(config(norm_order))
}

pub(crate) fn model_of(config: EncoderDecoderConfig) -> EncoderDecoder {
    jittered(config.init(1, &Device::flex()), 0.2, 2)
}

/// Sentences of different lengths, none of them empty, without padding.
pub(crate) fn sentences() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let sentence = |len: std::ops::Range<usize>| prop::collection::vec(0..PAD_ID, len);
    // The longest row comes first and the shortest last, so that there is always padding.
    (sentence(5..8), sentence(2..5), sentence(1..2))
        .prop_map(|(longest, middle, shortest)| vec![longest, middle, shortest])
}

/// A padded batch of sentences.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) ids: Vec<u32>,
    pub(crate) lengths: Vec<usize>,
}

impl Batch {
    pub(crate) fn of(sentences: &[Vec<u32>]) -> Self {
        let lengths: Vec<usize> = sentences.iter().map(Vec::len).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let padded = |sentence: &Vec<u32>| {
            let mut row = sentence.clone();
            row.resize(longest, PAD_ID);
            row
        };
        Self { ids: sentences.iter().flat_map(padded).collect(), lengths }
    }

    /// The decoder input for these targets: each row shifted right, starting with the padding id.
    pub(crate) fn decoder_input(sentences: &[Vec<u32>]) -> Self {
        let shifted = |sentence: &Vec<u32>| {
            let before = &sentence[..sentence.len() - 1];
            [&[PAD_ID], before].concat()
        };
        Self::of(&sentences.iter().map(shifted).collect::<Vec<_>>())
    }

    /// The rows of a tensor of ids, with the given lengths.
    pub(crate) fn of_tensor(ids: &Tensor<2, Int>, lengths: &[usize]) -> Self {
        Self { ids: host_ids(ids), lengths: lengths.to_vec() }
    }

    pub(crate) fn tokens(&self) -> TokenBatch<'_> {
        TokenBatch { ids: &self.ids, lengths: &self.lengths }
    }

    /// The ids as a tensor, for checks that slice and change them.
    pub(crate) fn tensor(&self) -> Tensor<2, Int> {
        let ids: Vec<i64> = self.ids.iter().map(|&id| i64::from(id)).collect();
        let batch = self.lengths.len();
        Tensor::<1, Int>::from_data(&*ids, &Device::flex()).reshape([batch, self.ids.len() / batch])
    }
}

pub(crate) fn host_ids(ids: &Tensor<2, Int>) -> Vec<u32> {
    ids.to_data().iter::<i64>().map(|id| id as u32).collect()
}

/// Adds no files to a model directory.
pub(crate) fn nothing(_: &Path) -> Result<(), SaveError> {
    Ok(())
}

/// The error when saving fails.
#[derive(Debug)]
pub(crate) enum SaveError {
    Model,
    Io(io::Error),
}

impl From<ModelError> for SaveError {
    fn from(_: ModelError) -> Self {
        Self::Model
    }
}

impl From<io::Error> for SaveError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(crate) fn save(model: &EncoderDecoder, dir: &Path) {
    model.save_pretrained(dir, GenerationDefaults::default(), nothing).unwrap();
}
