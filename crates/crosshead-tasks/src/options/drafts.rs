//! Which options drafted tokens work with.

use crosshead_generate::{DecodingConfig, Strategy};

use crate::TaskError;

/// Checks that the options select greedy decoding, for `drafts`.
///
/// # Errors
/// If they select another strategy.
pub(crate) fn check_drafts(
    drafts: &'static str,
    decoding: &DecodingConfig,
) -> Result<(), TaskError> {
    let (strategy, fix) = match decoding.strategy {
        Strategy::Greedy => return Ok(()),
        Strategy::BeamSearch(_) if !decoding.phrases.is_empty() => {
            ("texts that must occur (--force-words, --glossary)", "remove them")
        }
        Strategy::BeamSearch(_) => ("beam search", "set `beams` to 1 (--beams 1)"),
        Strategy::Sampling(_) => ("sampling", "set `temperature` to 0 (--temperature 0)"),
    };
    Err(TaskError::DraftsNotGreedy { drafts, strategy, fix })
}
