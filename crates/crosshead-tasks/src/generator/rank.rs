//! The probability of given continuations.

use crosshead_generate::score;
use crosshead_models::CausalSteps;

use super::Generator;
use crate::options::Batch;
use crate::{Candidate, DecodeOptions, RankedPair, TaskError};

impl Generator {
    /// Scores given continuations: the log-probability of each, without an end token, given its prompt.
    ///
    /// Prompt and continuation are joined as they are, so a continuation usually begins with a space. Its tokens are those of the
    /// joined text after the tokens of the prompt, or, if no token ends where the prompt does, the tokens of the continuation alone.
    /// Probabilities are those of the model: penalties and rules for which tokens may occur do not apply. Of `options`,
    /// `length_penalty` and `alternatives` count. All pairs are a single batch.
    ///
    /// # Errors
    /// If a text cannot be encoded, a continuation has no tokens, an option is out of range, or the model computes NaN.
    pub fn rank(
        &self,
        pairs: &[(&str, &str)],
        options: &DecodeOptions,
    ) -> Result<Vec<RankedPair>, TaskError> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let (mut prompts, mut targets, mut truncated) = (Vec::new(), Vec::new(), Vec::new());
        for (prompt, continuation) in pairs {
            let (mut ids, mut is_cut) = self.prompt(prompt)?;
            let mut target = self.continuation(prompt, continuation)?;
            // The last token is only predicted, not read.
            let most = self.model.config().stack.max_len;
            is_cut |= target.len() > most;
            target.truncate(most);
            let excess = (ids.len() + target.len()).saturating_sub(most + 1);
            ids.drain(..excess);
            truncated.push(is_cut || excess > 0);
            prompts.push(ids);
            targets.push(target);
        }
        let options = DecodeOptions {
            beams: Some(1),
            n_best: Some(1),
            temperature: Some(0.0),
            max_tokens: Some(1),
            length_penalty: options.length_penalty,
            alternatives: options.alternatives,
            ..DecodeOptions::default()
        };
        let batch = Batch {
            rows: &prompts,
            numbers: Vec::new(),
            required: vec![&[]; prompts.len()],
            boundaries: &[],
        };
        let (config, tokenizer) = (self.model.config(), &self.tokenizer);
        let plan = options.for_causal_lm(&self.generation, config, tokenizer, batch)?;
        let longest = targets.iter().map(Vec::len).max().unwrap_or(0);
        let mut steps = CausalSteps::new(&self.model, &prompts, longest);
        let found = score(&mut steps, &plan.config, &targets)?;
        let ranked = pairs.iter().zip(&found).zip(truncated);
        Ok(ranked
            .map(|((pair, hypothesis), truncated)| {
                let text = pair.1.to_owned();
                RankedPair { target: Candidate::new(text, hypothesis, tokenizer), truncated }
            })
            .collect())
    }

    /// The ids of a continuation of a prompt.
    fn continuation(&self, prompt: &str, continuation: &str) -> Result<Vec<u32>, TaskError> {
        let before = self.tokenizer.encode(prompt)?;
        let joined = self.tokenizer.encode(&format!("{prompt}{continuation}"))?;
        let ids = match joined.strip_prefix(before.as_slice()) {
            Some(rest) => rest.to_vec(),
            None => self.tokenizer.encode(continuation)?,
        };
        match ids.is_empty() {
            true => Err(TaskError::NoTokens { text: continuation.to_owned() }),
            false => Ok(ids),
        }
    }
}
