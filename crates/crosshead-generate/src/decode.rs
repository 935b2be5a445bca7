//! The entry point.

use crate::beam_search::beam_search;
use crate::greedy::greedy;
use crate::sample::sample;
use crate::{DecodingConfig, GenerateError, Hooks, Hypothesis, StepModel, Strategy};

/// Decodes `batch` sequences and returns the hypotheses of each, best first: one in greedy decoding and sampling, up to
/// `n_best` under beam search.
///
/// Every sequence grows until an end token or the length limit. The model starts with one row per sequence; under beam
/// search it is reordered to the live beams after the first step. Rows of sequences that have ended are dropped. Results
/// are in the order of the input and do not depend on the number of threads.
///
/// # Errors
/// If an option is out of range, the model's logits are of the wrong number or have no softmax, or a constraint makes a
/// score NaN or +∞.
///
/// # Examples
/// The two most probable sequences of a model that ends (token 0) with probability ⅔ and goes on with token 1 else:
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
