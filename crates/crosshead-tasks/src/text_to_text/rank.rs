//! The probability of given outputs.

use crosshead_generate::{DecodingConfig, score};
use crosshead_kernels::in_pool;

use super::TextToText;
use crate::options::Batch;
use crate::{Candidate, TaskError};

/// The score of a given output for an input, or of a continuation of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedPair {
    /// The output with its log-probability, its score and those of its tokens. Its stop reason is that of a text with or without
    /// an end token.
    pub target: Candidate,
    /// Whether the input or the output exceeded the model's maximum length and was truncated at the end.
    pub truncated: bool,
}

impl TextToText {
    /// Scores given outputs: the log-probability of each target, with its end token, given its source.
    ///
    /// The score is the log-probability divided by the length penalty, as for a generated text. Probabilities are those of the
    /// model: penalties and rules for which tokens may occur do not apply.
    ///
    /// # Errors
    /// If a text cannot be encoded, an option is out of range, or the model computes NaN.
    pub fn rank(&self, pairs: &[(&str, &str)]) -> Result<Vec<RankedPair>, TaskError> {
        let mut ranked: Vec<Option<RankedPair>> = vec![None; pairs.len()];
        let max_len = self.model.config().stack.max_len;
        let mut rows = Vec::with_capacity(pairs.len());
        for (source, target) in pairs {
            let target = self.tokenizer.encode_target_truncated(target, max_len)?;
            rows.push((self.encode(source)?, target));
        }
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by_key(|&i| (rows[i].0.ids.len(), rows[i].1.ids.len()));
        for batch in order.chunks(self.batch_size.max(1)) {
            let sources: Vec<Vec<u32>> = batch.iter().map(|&i| rows[i].0.ids.clone()).collect();
            let options = crate::DecodeOptions {
                alternatives: self.options.alternatives,
                length_penalty: self.options.length_penalty,
                ..Default::default()
            };
            let plan = options.for_encoder_decoder(
                &self.generation,
                self.model.config(),
                &self.tokenizer,
                Batch {
                    rows: &sources,
                    numbers: Vec::new(),
                    required: vec![&[]; sources.len()],
                    boundaries: &[],
                },
            )?;
            let targets: Vec<Vec<u32>> =
                batch.iter().map(|&i| target_ids(&rows[i].1.ids, &plan.config)).collect();
            let found =
                in_pool(|| score(&mut self.steps(&sources, &plan), &plan.config, &targets))?;
            for (&i, hypothesis) in batch.iter().zip(&found) {
                let (source, target) = (&rows[i].0, &rows[i].1);
                ranked[i] = Some(RankedPair {
                    target: Candidate::new(pairs[i].1.to_owned(), hypothesis, &self.tokenizer),
                    truncated: source.truncated || target.truncated,
                });
            }
        }
        Ok(ranked.into_iter().flatten().collect())
    }
}

/// The ids that decoding would generate for a target: those that it forces first, the text, and an end token.
fn target_ids(ids: &[u32], config: &DecodingConfig) -> Vec<u32> {
    let forced = config.forced_bos.filter(|bos| ids.first() != Some(bos));
    // Some tokenizers add a language code after the end token.
    let is_end = |id: &u32| config.eos_ids.contains(id);
    let end = ids.iter().skip(1).position(is_end).map_or(ids.len(), |at| at + 1);
    let end_token = config.eos_ids.first().copied();
    forced.into_iter().chain(ids[..end].iter().copied()).chain(end_token).collect()
}
