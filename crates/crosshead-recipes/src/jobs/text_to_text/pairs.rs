//! Pairs of texts: reading and encoding.

use crosshead_data::{Example, Pair};
use crosshead_tokenize::Tokenizer;

use super::sections::{LongTexts, PairsSection};
use crate::host::Assets;
use crate::{RunError, data};

/// The pairs of a file.
pub(super) fn read(
    name: &str,
    section: &PairsSection,
    assets: &dyn Assets,
) -> Result<Vec<Pair>, RunError> {
    let rows = data::rows(name, [&section.source, &section.target], assets)?;
    Ok(rows.into_iter().map(Pair::from).collect())
}

/// Pairs as ids; `prefix` is prepended to each source.
pub(super) fn encode(
    tokenizer: &Tokenizer,
    prefix: &str,
    pairs: &[Pair],
) -> Result<Vec<Example>, RunError> {
    let (sources, targets): (Vec<String>, Vec<&str>) =
        pairs.iter().map(|pair| (format!("{prefix}{}", pair.source), pair.target.as_str())).unzip();
    let sources = tokenizer.encode_batch_with_special(&sources)?;
    let targets = tokenizer.encode_target_batch(&targets)?;
    Ok(sources
        .into_iter()
        .zip(targets)
        .map(|(source, target)| Example { source, target })
        .collect())
}

/// Pairs as ids, sources and targets truncated to `max_len` ids, and the number of truncated pairs. Special tokens
/// count toward `max_len` and are kept.
pub(super) fn encode_truncated(
    tokenizer: &Tokenizer,
    prefix: &str,
    pairs: &[Pair],
    max_len: usize,
) -> Result<(Vec<Example>, usize), RunError> {
    let mut too_long = 0;
    let mut examples = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let source = format!("{prefix}{}", pair.source);
        let source = tokenizer.encode_truncated(&source, max_len)?;
        let target = tokenizer.encode_target_truncated(&pair.target, max_len)?;
        too_long += usize::from(source.truncated || target.truncated);
        examples.push(Example { source: source.ids, target: target.ids });
    }
    Ok((examples, too_long))
}

/// The pairs that become examples, with the prefix before each source: with [`LongTexts::Drop`] those whose source and target
/// have at most `max_len` ids.
pub(super) fn used<'a>(
    pairs: impl Iterator<Item = &'a Pair>,
    prefix: &str,
    tokenizer: &Tokenizer,
    max_len: usize,
    long: LongTexts,
) -> Result<Vec<Pair>, RunError> {
    let mut used = Vec::new();
    for pair in pairs {
        let source = format!("{prefix}{}", pair.source);
        let fits = match long {
            LongTexts::Truncate => true,
            LongTexts::Drop => {
                let longest = tokenizer.encode_with_special(&source)?.len();
                longest.max(tokenizer.encode_target(&pair.target)?.len()) <= max_len.max(1)
            }
        };
        if fits {
            used.push(Pair { source, target: pair.target.clone() });
        }
    }
    Ok(used)
}
