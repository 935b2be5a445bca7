//! The quality of translations.

use crosshead_data::Pair;
use crosshead_evaluate::{Bleu, Chrf, Score};
use serde::Serialize;

use crate::{Error, Translator};

/// Corpus scores of a translator on sentence pairs.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Corpus BLEU (Papineni et al. 2002), as sacreBLEU computes it.
    pub bleu: Score,
    /// Corpus chrF (Popović 2015), as sacreBLEU computes it.
    pub chrf: Score,
    /// The number of pairs.
    pub sentences: usize,
    /// The translations, in the pairs' order.
    #[serde(skip)]
    pub translations: Vec<String>,
}

/// Translates the sources and scores the translations against the targets; `progress` is told how many are done.
///
/// # Errors
/// If there is no pair or the model computes NaN.
pub fn evaluate(
    translator: &Translator,
    pairs: &[Pair],
    progress: impl FnMut(usize),
) -> Result<Evaluation, Error> {
    let sources: Vec<&str> = pairs.iter().map(|pair| pair.source.as_str()).collect();
    let references: Vec<&str> = pairs.iter().map(|pair| pair.target.as_str()).collect();
    let translations = translator.translate_with(&sources, progress)?;
    let translations: Vec<String> =
        translations.into_iter().map(|translation| translation.text).collect();
    Ok(Evaluation {
        bleu: Bleu::default().corpus(&translations, &references)?.into(),
        chrf: Chrf::default().corpus(&translations, &references)?,
        sentences: pairs.len(),
        translations,
    })
}
