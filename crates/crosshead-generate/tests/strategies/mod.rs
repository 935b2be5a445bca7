//! One function per strategy, without hooks.

use crosshead_generate::{
    BeamSearch, DecodingConfig, GenerateError, Hooks, Hypothesis, Sampling, StepModel, decode,
};

/// Greedy decoding.
pub(crate) fn greedy(
    model: &mut impl StepModel,
    batch: usize,
    config: &DecodingConfig,
) -> Result<Vec<Hypothesis>, GenerateError> {
    Ok(decode(model, batch, config, Hooks::none())?.concat())
}

/// Beam search.
pub(crate) fn beam_search(
    model: &mut impl StepModel,
    batch: usize,
    config: &DecodingConfig,
    options: BeamSearch,
) -> Result<Vec<Vec<Hypothesis>>, GenerateError> {
    decode(model, batch, &config.clone().with_strategy(options), Hooks::none())
}

/// Sampling.
pub(crate) fn sample(
    model: &mut impl StepModel,
    batch: usize,
    config: &DecodingConfig,
    options: Sampling,
) -> Result<Vec<Hypothesis>, GenerateError> {
    Ok(decode(model, batch, &config.clone().with_strategy(options), Hooks::none())?.concat())
}
