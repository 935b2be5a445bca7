//! ROUGE (Lin 2004, *ROUGE: A Package for Automatic Evaluation of Summaries*).

mod lcs;
mod porter;
mod variant;

pub use variant::RougeVariant;

use std::fmt;

use serde::Serialize;

use crate::corpus;
use crate::metric::Metric;
use crate::ngrams;
use crate::score::yes_no;
use crate::segment::{ReferenceCount, Segment};
use crate::setting::Setting;
use crate::{Bootstrap, EvaluateError, Interval};

/// The ROUGE metric as in the Python package `rouge-score`.
///
/// Texts are lowercased and split into words, which are runs of `a` to `z` and digits. ROUGE-N compares the n-grams of
/// hypothesis and reference with clipped counts. ROUGE-L uses their longest common subsequence. ROUGE-Lsum uses, for each
/// line of the reference, the union of its longest common subsequences with all lines of the hypothesis. Precision is
/// relative to the hypothesis, recall to the reference, and F₁ = 2·P·R / (P + R). The score of a corpus is the mean over its
/// segments.
#[derive(Debug, Clone, Default)]
pub struct Rouge {
    stemmer: bool,
}

/// Precision, recall and F₁ of one ROUGE variant, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct RougeValue {
    /// The fraction of the hypothesis that is in the reference.
    pub precision: f64,
    /// The fraction of the reference that is in the hypothesis.
    pub recall: f64,
    /// The harmonic mean of precision and recall. This is the value that papers report.
    pub f1: f64,
}

/// ROUGE of a corpus or a segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RougeScore {
    /// ROUGE-1: single words.
    pub rouge1: RougeValue,
    /// ROUGE-2: bigrams.
    pub rouge2: RougeValue,
    /// ROUGE-L: the longest common subsequence of the texts.
    pub rouge_l: RougeValue,
    /// ROUGE-Lsum: the longest common subsequences of their lines.
    pub rouge_lsum: RougeValue,
    /// The settings: `key:value` pairs separated by `|`.
    pub signature: String,
}

/// Writes F₁ of each variant with two decimals, unless a precision is given (`{:.4}`).
impl fmt::Display for RougeScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        write!(
            f,
            "ROUGE|{} = {:.decimals$}/{:.decimals$}/{:.decimals$}/{:.decimals$} (ROUGE-1/2/L/Lsum)",
            self.signature, self.rouge1.f1, self.rouge2.f1, self.rouge_l.f1, self.rouge_lsum.f1
        )
    }
}

/// The four variants, in the order of the fields of [`RougeScore`].
type Values = [RougeValue; 4];

impl Rouge {
    /// ROUGE without stemming.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether words of more than three characters are stemmed with Porter's algorithm and NLTK's extensions.
    pub fn with_stemmer(mut self, stemmer: bool) -> Self {
        self.stemmer = stemmer;
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
    ) -> Result<RougeScore, EvaluateError> {
        self.corpus_multi(hypotheses, &[references])
    }

    /// The score of a corpus with multiple reference streams, each with one reference per hypothesis. Each variant uses the
    /// reference with the best F₁.
    ///
    /// # Errors
    ///
    /// See [`corpus`](Self::corpus); also if there is no stream.
    pub fn corpus_multi<R: AsRef<str>>(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<[R]>],
    ) -> Result<RougeScore, EvaluateError> {
        let segments = corpus::segments(hypotheses, references)?;
        let values: Vec<Values> = segments.map(|segment| self.values(&segment)).collect();
        Ok(self.score(mean(values.iter(), values.len()), references.len()))
    }

    /// The score of one text with one or more references.
    ///
    /// # Errors
    ///
    /// If there is no reference.
    pub fn sentence(
        &self,
        hypothesis: &str,
        references: &[impl AsRef<str>],
    ) -> Result<RougeScore, EvaluateError> {
        let segment = corpus::sentence(hypothesis, references)?;
        Ok(self.score(self.values(&segment), references.len()))
    }

    /// The confidence intervals of a corpus's F₁, in the order ROUGE-1, 2, L, Lsum.
    ///
    /// # Errors
    ///
    /// See [`corpus`](Self::corpus).
    pub fn intervals(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<str>],
        bootstrap: &Bootstrap,
    ) -> Result<[Interval; 4], EvaluateError> {
        let streams = [references];
        let segments = corpus::segments(hypotheses, &streams)?;
        let values: Vec<Values> = segments.map(|segment| self.values(&segment)).collect();
        Ok([0, 1, 2, 3].map(|variant| {
            let scores: Vec<f64> = values.iter().map(|values| values[variant].f1).collect();
            bootstrap.mean(&scores)
        }))
    }

    /// One of the variants as a metric: the mean F₁ of the segments.
    pub fn variant(&self, variant: RougeVariant) -> impl Metric + use<> {
        variant::OfVariant { rouge: self.clone(), variant }
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::new("case", "lc"),
            Setting::new("stem", yes_no(self.stemmer)),
            Setting::new("tok", "rouge"),
        ]
    }

    fn score(
        &self,
        [rouge1, rouge2, rouge_l, rouge_lsum]: Values,
        n_references: usize,
    ) -> RougeScore {
        let signature =
            self.variant(RougeVariant::Rouge1).signature(ReferenceCount::Each(n_references), &[]);
        RougeScore { rouge1, rouge2, rouge_l, rouge_lsum, signature }
    }

    /// The values of a segment. Each variant uses its best reference, the first of several equally good ones.
    fn values(&self, segment: &Segment<'_>) -> Values {
        let hypothesis = Text::new(segment.hypothesis, self.stemmer);
        let mut references = segment.references.iter().map(|&reference| {
            let reference = Text::new(reference, self.stemmer);
            hypothesis.compare(&reference)
        });
        let mut best = references.next().unwrap_or_default();
        for values in references {
            for (best, value) in best.iter_mut().zip(values) {
                if value.f1 > best.f1 {
                    *best = value;
                }
            }
        }
        best
    }
}

/// The words of a text, and of each of its lines, that ROUGE compares.
struct Text {
    words: Vec<String>,
    lines: Vec<Vec<String>>,
}

impl Text {
    fn new(text: &str, stemmer: bool) -> Self {
        let lines: Vec<_> = text
            .split('\n')
            .filter(|line| !line.is_empty())
            .map(|line| words(line, stemmer))
            .collect();
        Self { words: lines.concat(), lines }
    }

    fn compare(&self, reference: &Self) -> Values {
        let matches = ngrams::matches(&self.words, &[&reference.words], 2);
        let ngrams = |order| {
            let total = |text: &Self| (text.words.len() + 1).saturating_sub(order);
            RougeValue::new(matches[order - 1] as usize, total(self), total(reference))
        };
        let (len, reference_len) = (self.words.len(), reference.words.len());
        let common = lcs::len(&reference.words, &self.words);
        let in_lines = lcs::union_len(&reference.lines, &self.lines);
        [
            ngrams(1),
            ngrams(2),
            RougeValue::new(common, len, reference_len),
            RougeValue::new(in_lines, len, reference_len),
        ]
    }
}

impl RougeValue {
    fn new(matches: usize, hypothesis: usize, reference: usize) -> Self {
        let precision = matches as f64 / hypothesis.max(1) as f64;
        let recall = matches as f64 / reference.max(1) as f64;
        let sum = precision + recall;
        let f1 = if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 };
        Self { precision: 100.0 * precision, recall: 100.0 * recall, f1: 100.0 * f1 }
    }
}

/// The words of a text: lowercase runs of `a` to `z` and digits.
fn words(text: &str, stemmer: bool) -> Vec<String> {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit()));
    words
        .filter(|word| !word.is_empty())
        .map(|word| if stemmer && word.len() > 3 { porter::stem(word) } else { word.to_owned() })
        .collect()
}

fn mean<'a>(values: impl Iterator<Item = &'a Values>, count: usize) -> Values {
    let share = 1.0 / count as f64;
    values.fold(Values::default(), |mut sum, values| {
        for (sum, value) in sum.iter_mut().zip(values) {
            sum.precision += value.precision * share;
            sum.recall += value.recall * share;
            sum.f1 += value.f1 * share;
        }
        sum
    })
}
