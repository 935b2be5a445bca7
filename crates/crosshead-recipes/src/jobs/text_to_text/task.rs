//! The loss of translation and summarization.

use std::borrow::Cow;

use burn::tensor::Tensor;
use crosshead_data::{Example, Lengths, collate};
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{EncoderDecoder, Teacher, TokenBatch};
use crosshead_train::Task;

use super::segmentations::Segmentations;

/// The cross-entropy of targets, given their sources.
pub(crate) struct PairTask<'a> {
    pub(super) examples: Examples<'a>,
    pub(super) loss: CrossEntropy,
    /// α of R-Drop in training; 0 for none.
    pub(super) r_drop: f64,
    /// The decoder's start token, if the language determines it.
    pub(super) start_id: Option<u32>,
    /// The teacher whose distributions the model learns too.
    pub(super) teacher: Option<Teacher<'a>>,
}

/// The examples that batches name by their indices.
#[derive(Clone, Copy)]
pub(super) enum Examples<'a> {
    /// The same in every epoch.
    Fixed(&'a [Example]),
    /// Others in every epoch.
    Drawn(&'a Segmentations),
}

impl<'a> Examples<'a> {
    fn get(self, index: usize) -> Cow<'a, Example> {
        match self {
            Self::Fixed(examples) => Cow::Borrowed(&examples[index]),
            Self::Drawn(segmentations) => Cow::Owned(segmentations.example(index)),
        }
    }

    /// The sum of a count over the examples with these indices.
    fn sum(self, indices: &[usize], count: impl Fn(Lengths) -> usize) -> usize {
        indices.iter().map(|&index| count(self.get(index).lengths())).sum()
    }
}

impl Task for PairTask<'_> {
    type Model = EncoderDecoder;

    fn loss(&self, model: &EncoderDecoder, examples: &[usize], mode: Mode) -> Tensor<1> {
        let config = model.config();
        let start_id = self.start_id.unwrap_or(config.start_id);
        let batch = match self.examples {
            Examples::Fixed(all) => collate(all, examples, config.pad_id, start_id),
            Examples::Drawn(segmentations) => {
                let drawn: Vec<Example> =
                    examples.iter().map(|&index| segmentations.example(index)).collect();
                let all: Vec<usize> = (0..drawn.len()).collect();
                collate(&drawn, &all, config.pad_id, start_id)
            }
        };
        let source = TokenBatch { ids: &batch.source, lengths: &batch.source_lengths };
        let input = TokenBatch { ids: &batch.decoder_input, lengths: &batch.target_lengths };
        if let Some(teacher) = self.teacher {
            return model.distillation_loss(teacher, source, input, &batch.target, self.loss, mode);
        }
        if self.r_drop > 0.0 && mode != Mode::Eval {
            return model.r_drop_loss(source, input, &batch.target, self.loss, self.r_drop, mode);
        }
        model.loss(source, input, &batch.target, self.loss, mode)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        self.examples.sum(examples, |lengths| lengths.target)
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        self.examples.sum(examples, |lengths| lengths.source + lengths.target)
    }
}
