//! The probability of given sequences.

use rayon::prelude::*;

use crate::config::out_of_range;
use crate::hypothesis::Trace;
use crate::processors::read_row;
use crate::step_model::{checked_step, reorder_if_changed};
use crate::top_k::alternatives;
use crate::{DecodingConfig, GenerateError, Hypothesis, StepModel, StopReason};

/// Scores given sequences, one for each row of the model: their log-probabilities, and the score that decoding would give
/// them.
///
/// A target consists of at least one token after the start token or prompt. Its last token may be an end token; otherwise
/// its hypothesis has the stop reason [`MaxLength`](StopReason::MaxLength). Probabilities are those of the model, normalized as
/// [`Normalization`](crate::Normalization) says: penalties and rules for which tokens may occur do not apply.
///
/// # Errors
/// If a target is empty or has a token outside the vocabulary, an option is out of range, or the model returns the wrong number
/// of logits or non-finite ones.
pub fn score(
    model: &mut (impl StepModel + ?Sized),
    config: &DecodingConfig,
    targets: &[Vec<u32>],
) -> Result<Vec<Hypothesis>, GenerateError> {
    let vocab_size = model.vocab_size();
    config.check(targets.len(), vocab_size)?;
    if targets.iter().any(Vec::is_empty) {
        return Err(out_of_range("targets", "empty", "at least one token for each sequence"));
    }
    if let Some(&token) = targets.iter().flatten().find(|&&token| token as usize >= vocab_size) {
        return Err(GenerateError::TokenOutOfVocabulary { option: "targets", token, vocab_size });
    }
    let mut traces = vec![Trace::default(); targets.len()];
    let mut last: Vec<u32> =
        (0..targets.len()).filter_map(|sequence| config.prompt(sequence).last().copied()).collect();
    let mut live: Vec<(&Vec<u32>, &mut Trace)> = targets.iter().zip(&mut traces).collect();
    for step in 0.. {
        let mut logits = checked_step(model, &last)?;
        live.par_iter_mut()
            .zip(logits.par_chunks_mut(vocab_size))
            .enumerate()
            .map(|(row, ((target, trace), logits))| {
                let logits =
                    read_row(logits, config).ok_or(GenerateError::InvalidLogits { step, row })?;
                let alternatives = alternatives(config.alternatives, &logits);
                trace.push(logits.log_prob(target[step]), alternatives);
                Ok(())
            })
            .collect::<Vec<Result<(), GenerateError>>>()
            .into_iter()
            .collect::<Result<(), GenerateError>>()?;
        let continues = |target: &Vec<u32>| step + 1 < target.len();
        let rows: Vec<usize> = (0..live.len()).filter(|&row| continues(live[row].0)).collect();
        let fed = live.len();
        live.retain(|(target, _)| continues(target));
        if live.is_empty() {
            break;
        }
        last = live.iter().map(|(target, _)| target[step]).collect();
        reorder_if_changed(model, &rows, fed);
    }
    let hypothesis = |(target, trace): (&Vec<u32>, Trace)| {
        let (stop, tokens) = match target.split_last() {
            Some((&end, tokens)) if config.eos_ids.contains(&end) => {
                (StopReason::EndToken(end), tokens)
            }
            Some(_) | None => (StopReason::MaxLength, target.as_slice()),
        };
        Hypothesis::new(tokens, trace, config.length_penalty, stop)
    };
    Ok(targets.iter().zip(traces).map(hypothesis).collect())
}
