//! Special tokens around ids, and probabilities of scores.

use crosshead_tokenize::{SpecialRole, TokenizeError, Tokenizer};

use crate::Error;

/// Ids within the frame that an encoder reads them in: behind the classification token and before the separator.
///
/// # Errors
/// If the tokenizer has no such tokens.
pub fn framed(tokenizer: &Tokenizer, ids: &[u32]) -> Result<Vec<u32>, Error> {
    let special = tokenizer.special();
    let first = special.cls.or(special.bos).ok_or(missing(SpecialRole::Cls))?;
    let last = special.sep.or(special.eos).ok_or(missing(SpecialRole::Sep))?;
    Ok([&[first], ids, &[last]].concat())
}

fn missing(role: SpecialRole) -> TokenizeError {
    TokenizeError::MissingSpecialToken { role }
}

/// exp(xᵢ) / Σ exp(xⱼ).
pub(crate) fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}
