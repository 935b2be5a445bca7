//! The entry point: [`decode`].

use crate::beam_search::beam_search;
use crate::greedy::greedy;
use crate::sample::sample;
use crate::{DecodingConfig, GenerateError, Hooks, Hypothesis, StepModel, Strategy};

/// Decodes `batch` sequences and returns the hypotheses of each, best first: one in greedy decoding and sampling, up to
/// `n_best` in beam search.
///
/// Every sequence is extended until an end token or the length limit. The model starts with one row per sequence; in
/// beam search its rows are reordered after each step to match the live beams. Rows of ended sequences are dropped.
/// Results are in input
/// order and do not depend on the number of threads.
///
/// # Errors
/// If an option is out of range, the model returns the wrong number of logits or non-finite ones, or a constraint makes a
/// score NaN or +∞.
///
/// # Examples
/// The two most probable sequences of a model that generates the end token 0 with probability ⅔ and token 1 otherwise:
///
/// ```
/// use crosshead_generate::{BeamSearch, DecodingConfig, Hooks, StepModel, StopReason, decode};
///
/// struct Coin;
///
/// impl StepModel for Coin {
///     fn vocab_size(&self) -> usize {
///         3
///     }
///     fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
///         [2f32.ln(), 0.0, f32::NEG_INFINITY].repeat(tokens.len())
///     }
///     fn reorder(&mut self, _: &[usize]) {}
/// }
///
/// let config = DecodingConfig::new(2, 0).with_strategy(BeamSearch::new(2).with_n_best(2));
/// let found = decode(&mut Coin, 1, &config, Hooks::none())?;
/// assert_eq!(found[0][0].stop, StopReason::EndToken(0));
/// assert_eq!((&found[0][0].tokens[..], &found[0][1].tokens[..]), (&[][..], &[1][..]));
/// # Ok::<(), crosshead_generate::GenerateError>(())
/// ```
pub fn decode(
    model: &mut (impl StepModel + ?Sized),
    batch: usize,
    config: &DecodingConfig,
    hooks: Hooks<'_>,
) -> Result<Vec<Vec<Hypothesis>>, GenerateError> {
    config.check(batch, model.vocab_size())?;
    let one_each = match &config.strategy {
        Strategy::Greedy => greedy(model, batch, config, hooks)?,
        Strategy::Sampling(options) => sample(model, batch, config, options, hooks)?,
        Strategy::BeamSearch(options) => return beam_search(model, batch, config, options, hooks),
    };
    Ok(one_each.into_iter().map(|hypothesis| vec![hypothesis]).collect())
}
