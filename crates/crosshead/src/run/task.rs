//! Translation as a training task.

use burn::tensor::Tensor;
use crosshead_data::{Example, Order, collate, token_budget_batches};
use crosshead_kernels::{LabelSmoothing, Mode};
use crosshead_models::{EncoderDecoder, EncoderDecoderConfig, TokenBatch};
use crosshead_train::Task;

/// Padded source and target tokens of a batch when only the loss is computed.
const VALIDATION_BATCH_TOKENS: usize = 4000;

/// The cross entropy of targets given their sources.
pub(super) struct TranslationTask<'a> {
    examples: &'a [Example],
    pad_id: u32,
    start_id: u32,
    smoothing: LabelSmoothing,
}

impl<'a> TranslationTask<'a> {
    pub(super) fn new(
        examples: &'a [Example],
        config: &EncoderDecoderConfig,
        smoothing: LabelSmoothing,
    ) -> Self {
        Self { examples, pad_id: config.pad_id, start_id: config.start_id, smoothing }
    }

    /// Source and target tokens of each example.
    pub(super) fn lengths(&self) -> Vec<(usize, usize)> {
        self.examples.iter().map(|example| (example.source.len(), example.target.len())).collect()
    }

    /// The negative log-likelihood of a target of the examples, in nats.
    pub(super) fn mean_loss(&self, model: &EncoderDecoder) -> f64 {
        let batches = token_budget_batches(&self.lengths(), VALIDATION_BATCH_TOKENS, Order::Sorted);
        let sum: f64 = batches
            .iter()
            .map(|batch| self.loss(model, batch, Mode::Eval).into_scalar::<f64>())
            .sum();
        let targets: usize = batches.iter().map(|batch| self.targets(batch)).sum();
        sum / targets.max(1) as f64
    }
}

impl Task for TranslationTask<'_> {
    type Model = EncoderDecoder;

    fn loss(&self, model: &EncoderDecoder, examples: &[usize], mode: Mode) -> Tensor<1> {
        let batch = collate(self.examples, examples, self.pad_id, self.start_id);
        let source = TokenBatch { ids: &batch.source, lengths: &batch.source_lengths };
        let input = TokenBatch { ids: &batch.decoder_input, lengths: &batch.target_lengths };
        model.loss(source, input, &batch.target, self.smoothing, mode)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.iter().map(|&index| self.examples[index].target.len()).sum()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        let tokens = |example: &Example| example.source.len() + example.target.len();
        examples.iter().map(|&index| tokens(&self.examples[index])).sum()
    }
}
