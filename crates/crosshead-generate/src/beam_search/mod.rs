//! Beam search.

mod allocation;
mod beam;
mod group;
mod sentence;

use rayon::prelude::*;

use crate::step_model::{checked_step, reorder_if_changed};
use crate::{BeamSearch, DecodingConfig, GenerateError, Hooks, Hypothesis, StepModel, StopRule};
use sentence::Sentence;

/// Decodes each of `batch` sentences by beam search; see [`BeamSearch`] for the algorithm.
pub(crate) fn beam_search(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &DecodingConfig,
    options: &BeamSearch,
    mut hooks: Hooks<'_>,
) -> Result<Vec<Vec<Hypothesis>>, GenerateError> {
    let vocab_size = model.vocab_size();
    let search = Search { config, options, stop_rule: hooks.stop_rule() };
    let mut sentences: Vec<Sentence> =
        (0..batch).map(|sentence| Sentence::new(sentence, search, &hooks)).collect();
    let mut live: Vec<&mut Sentence> = sentences.iter_mut().collect();
    let mut step = 0;
    while !live.is_empty() {
        let tokens: Vec<u32> = live.iter().flat_map(|sentence| sentence.last_tokens()).collect();
        let mut logits = checked_step(model, &tokens)?;
        let mut rows = advance_all(&mut live, &mut logits, vocab_size, search)?;
        let remaining = live.iter().filter(|sentence| sentence.is_live()).count();
        let (flow, reason) = hooks.after_step(step, &[], &[], remaining);
        for (sentence, rows) in live.iter_mut().zip(&mut rows) {
            if flow.stops(sentence.number()) {
                sentence.stop(reason, search);
                rows.clear();
            }
        }
        live.retain(|sentence| sentence.is_live());
        reorder_if_changed(model, &rows.concat(), tokens.len());
        step += 1;
    }
    Ok(sentences.into_iter().map(|sentence| sentence.into_best(options.n_best)).collect())
}

/// The options of a search.
#[derive(Clone, Copy)]
struct Search<'a> {
    config: &'a DecodingConfig,
    options: &'a BeamSearch,
    stop_rule: Option<&'a dyn StopRule>,
}

/// Advances every sentence by one token; returns, for each sentence, the row of this step that each of its beams continues.
fn advance_all(
    sentences: &mut [&mut Sentence<'_>],
    mut logits: &mut [f32],
    vocab_size: usize,
    search: Search<'_>,
) -> Result<Vec<Vec<usize>>, GenerateError> {
    let mut jobs = Vec::with_capacity(sentences.len());
    let mut first_row = 0;
    for sentence in sentences {
        let rows = sentence.last_tokens().len();
        let (own, others) = logits.split_at_mut(rows * vocab_size);
        jobs.push((sentence, own, first_row));
        logits = others;
        first_row += rows;
    }
    let parents: Vec<Result<Vec<usize>, GenerateError>> = jobs
        .into_par_iter()
        .map(|(sentence, logits, first_row)| {
            sentence.advance(logits, vocab_size, first_row, search)
        })
        .collect();
    // Collecting in order returns the first error by row, independent of thread scheduling.
    parents.into_iter().collect()
}
