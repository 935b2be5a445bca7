//! Examples of span corruption, and their loss.

use burn::tensor::Tensor;
use crosshead_data::{Example, SpanCorruption, collate};
use crosshead_evaluate::EvaluateError;
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{EncoderDecoder, TokenBatch};
use crosshead_tokenize::{Affixes, Tokenizer, sentinel};

use super::sections::SpanTextSection;
use crate::RunError;
use crate::host::Events;
use crate::job::tested;
use crate::report::{MetricValue, Report, metric};

/// The seed of the spans in evaluation.
pub(super) const SEED: u64 = 0;

/// Windows per batch in evaluation.
const BATCH: usize = 16;

/// The spans of a recipe.
pub(super) fn spans(section: &SpanTextSection, sentinels: Vec<u32>) -> SpanCorruption {
    let &SpanTextSection { noise, span, .. } = section;
    SpanCorruption { noise, mean_span: span, sentinels }
}

/// Makes examples from windows of text.
pub(super) struct Corruption {
    spans: SpanCorruption,
    pub(super) context: usize,
    affixes: Affixes,
    target_affixes: Affixes,
}

impl Corruption {
    /// The span corruption of a recipe.
    ///
    /// # Errors
    /// If the tokenizer does not have enough sentinels.
    pub(super) fn new(section: &SpanTextSection, tokenizer: &Tokenizer) -> Result<Self, RunError> {
        let needed = spans(section, Vec::new()).sentinels_of(section.context);
        let id = |index: usize| {
            let token = sentinel(index);
            tokenizer.token_to_id(&token).ok_or_else(|| RunError::Key {
                key: "data.context".to_owned(),
                reason: format!(
                    "{} tokens need {needed} sentinels, but the tokenizer has no {token}; use a smaller context, or a model with sentinels such as T5",
                    section.context
                ),
            })
        };
        Ok(Self {
            spans: spans(section, (0..needed).map(id).collect::<Result<_, _>>()?),
            context: section.context,
            affixes: tokenizer.affixes()?,
            target_affixes: tokenizer.target_affixes()?,
        })
    }

    /// The number of tokens of the longest source or target.
    pub(super) fn longest(&self) -> usize {
        let target = self.target_len(self.context);
        let sentinels = self.spans.sentinels_of(self.context);
        let removed = self.spans.target_len(self.context) - sentinels;
        target.max(self.context - removed + sentinels + self.affixes.count())
    }

    /// The number of tokens of the target of a window.
    pub(super) fn target_len(&self, len: usize) -> usize {
        self.spans.target_len(len) + self.target_affixes.count()
    }

    /// The example of a window: a pure function of the window, the seed and the index.
    pub(super) fn example(&self, window: &[u32], seed: u64, index: usize) -> Example {
        let Example { source, target } = self.spans.apply(window, seed, 0, index);
        Example { source: self.affixes.around(source), target: self.target_affixes.around(target) }
    }

    /// The mean loss per target over adjacent windows of a text.
    pub(super) fn loss(
        &self,
        model: &EncoderDecoder,
        ids: &[u32],
        progress: &mut dyn FnMut(usize),
    ) -> Result<MetricValue, RunError> {
        // A window of one token has nothing to keep.
        let windows: Vec<&[u32]> = ids.chunks(self.context).filter(|ids| ids.len() > 1).collect();
        let (mut nats, mut targets, mut done) = (0.0, 0, 0);
        for (first, windows) in windows.chunks(BATCH).enumerate() {
            let examples: Vec<Example> = (first * BATCH..)
                .zip(windows)
                .map(|(index, window)| self.example(window, SEED, index))
                .collect();
            targets += examples.iter().map(|example| example.target.len()).sum::<usize>();
            nats +=
                loss(model, &examples, CrossEntropy::default(), Mode::Eval).into_scalar::<f64>();
            done += windows.iter().map(|window| window.len()).sum::<usize>();
            progress(done);
        }
        if targets == 0 {
            return Err(EvaluateError::EmptyCorpus.into());
        }
        Ok(MetricValue::new(&metric::LOSS, nats / targets as f64))
    }

    pub(super) fn report(
        &self,
        model: &EncoderDecoder,
        ids: &[u32],
        events: &mut dyn Events,
    ) -> Result<Report, RunError> {
        let loss = self.loss(model, ids, &mut tested(events, ids.len(), "tokens"))?;
        let counts = vec![("tokens", ids.len()), ("context", self.context)];
        Ok(Report { metrics: vec![loss], counts, ..Report::default() })
    }
}

/// The summed loss of examples.
pub(super) fn loss(
    model: &EncoderDecoder,
    examples: &[Example],
    options: CrossEntropy,
    mode: Mode,
) -> Tensor<1> {
    let (config, all) = (model.config(), (0..examples.len()).collect::<Vec<_>>());
    let batch = collate(examples, &all, config.pad_id, config.start_id);
    let source = TokenBatch { ids: &batch.source, lengths: &batch.source_lengths };
    let input = TokenBatch { ids: &batch.decoder_input, lengths: &batch.target_lengths };
    model.loss(source, input, &batch.target, options, mode)
}
