//! TER (Snover et al. 2006, *A Study of Translation Edit Rate with Targeted Human Annotation*).

mod distance;
mod shift;
mod tokenizer;

use crate::corpus;
use crate::metric::{Best, Metric};
use crate::score::{case, yes_no};
use crate::segment::Segment;
use crate::setting::Setting;
use crate::text::{trim_end, words};
use crate::{EvaluateError, Score};

/// The TER metric and its settings. The defaults are those of sacreBLEU and Tercom.
///
/// TER = 100 · E / R, where E is the number of edits that turn the hypothesis into its closest reference, and R the mean
/// length of the references in words. An edit inserts, deletes or substitutes a word, or shifts a sequence of words. A lower
/// score is better, and a score can exceed 100. Edits and lengths are summed over the corpus.
///
/// Finding the fewest edits is NP-hard with shifts, so shifts are chosen greedily with Tercom's limits: up to 10 words, over
/// a distance of up to 50 words, and a beam of 25 words around the diagonal of the edit distance.
#[derive(Debug, Clone, Default)]
pub struct Ter {
    case_sensitive: bool,
    normalized: bool,
    no_punctuation: bool,
    asian_support: bool,
}

impl Ter {
    /// Case-insensitive TER of words separated by white space.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether case matters. By default segments are lowercased.
    pub fn with_case_sensitive(mut self, case_sensitive: bool) -> Self {
        self.case_sensitive = case_sensitive;
        self
    }

    /// Sets whether punctuation is split off and XML entities are replaced, as in Tercom's normalization.
    pub fn with_normalized(mut self, normalized: bool) -> Self {
        self.normalized = normalized;
        self
    }

    /// Sets whether punctuation is removed.
    pub fn with_no_punctuation(mut self, no_punctuation: bool) -> Self {
        self.no_punctuation = no_punctuation;
        self
    }

    /// Sets whether normalization also splits Chinese and Japanese characters, and the removal of punctuation includes
    /// theirs.
    pub fn with_asian_support(mut self, asian_support: bool) -> Self {
        self.asian_support = asian_support;
        self
    }

    /// The score of a corpus with one reference per hypothesis.
    ///
    /// # Errors
    ///
    /// If the corpus is empty, or the numbers of hypotheses and references differ.
    pub fn corpus(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<str>],
    ) -> Result<Score, EvaluateError> {
        self.corpus_multi(hypotheses, &[references])
    }

    /// The score of a corpus with multiple reference streams, each with one reference per hypothesis.
    ///
    /// # Errors
    ///
    /// See [`corpus`](Self::corpus); also if there is no stream.
    pub fn corpus_multi<R: AsRef<str>>(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<[R]>],
    ) -> Result<Score, EvaluateError> {
        corpus::score(self, corpus::segments(hypotheses, references)?, references.len())
    }

    /// The score of one sentence with one or more references.
    ///
    /// # Errors
    ///
    /// If there is no reference.
    pub fn sentence(
        &self,
        hypothesis: &str,
        references: &[impl AsRef<str>],
    ) -> Result<Score, EvaluateError> {
        corpus::score(self, [corpus::sentence(hypothesis, references)?], references.len())
    }

    fn tokenize(&self, segment: &str) -> Vec<String> {
        words(&tokenizer::tokenize(self, trim_end(segment))).map(str::to_owned).collect()
    }

    /// sacreBLEU tokenizes references twice, which matters for text such as `it's.` with normalization.
    fn tokenize_reference(&self, reference: &str) -> Vec<String> {
        self.tokenize(&self.tokenize(reference).join(" "))
    }
}

/// Statistics: the number of edits and the mean length of the references.
impl Metric for Ter {
    fn name(&self) -> String {
        "TER".to_owned()
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::new("case", case(!self.case_sensitive)),
            Setting::new("tok", "tercom"),
            Setting::new("norm", yes_no(self.normalized)),
            Setting::new("punct", yes_no(!self.no_punctuation)),
            Setting::new("asian", yes_no(self.asian_support)),
        ]
    }

    fn best(&self) -> Best {
        Best::Lowest
    }

    fn statistics(&self, segment: &Segment<'_>) -> Vec<f64> {
        let hypothesis = self.tokenize(segment.hypothesis);
        let references: Vec<Vec<String>> =
            segment.references.iter().map(|reference| self.tokenize_reference(reference)).collect();
        let edits = references.iter().map(|reference| shift::edits(&hypothesis, reference)).min();
        let lengths: usize = references.iter().map(Vec::len).sum();
        vec![edits.unwrap_or_default() as f64, lengths as f64 / references.len() as f64]
    }

    fn value(&self, statistics: &[f64]) -> f64 {
        match statistics {
            &[edits, length] if length > 0.0 => 100.0 * (edits / length),
            // Without a word in the references, any word in the hypotheses is an error.
            [edits, ..] if *edits > 0.0 => 100.0,
            _ => 0.0,
        }
    }
}
