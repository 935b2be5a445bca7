//! BLEU (Papineni et al. 2002, *BLEU: a Method for Automatic Evaluation of Machine Translation*).

mod score;
mod statistics;

pub use score::BleuScore;

use crate::corpus;
use crate::metric::Metric;
use crate::score::{case, yes_no};
use crate::segment::{ReferenceCount, Segment};
use crate::setting::Setting;
use crate::text::trim_end;
use crate::{Bootstrap, EvaluateError, Interval, Tokenizer};
use statistics::Statistics;

/// The highest n-gram order of BLEU.
pub const MAX_ORDER: usize = 4;

/// How a precision of zero, which would otherwise make the score zero, is smoothed (Chen and Cherry 2014, *A Systematic
/// Comparison of Smoothing Techniques for Sentence-Level BLEU*).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// `exp`: the k-th order without a match is given 1/2ᵏ matches (method 3, as in mteval).
    #[default]
    Exponential,
    /// `floor`: an order without a match is given this many matches (method 1). sacreBLEU's default is 0.1.
    Floor(f64),
    /// `add-k`: k is added to the matches and totals of all orders except the first (method 2). sacreBLEU's
    /// default is 1.
    AddK(f64),
    /// `none`: an order without a match makes the score zero.
    None,
}

impl Smoothing {
    fn signature(self) -> String {
        match self {
            Self::Exponential => "exp".to_owned(),
            Self::Floor(value) => format!("floor[{value:.2}]"),
            Self::AddK(value) => format!("add-k[{value:.2}]"),
            Self::None => "none".to_owned(),
        }
    }

    /// Checks the value.
    ///
    /// # Errors
    ///
    /// If it is negative or not finite.
    pub fn check(self) -> Result<(), EvaluateError> {
        match self {
            Self::Floor(value) | Self::AddK(value) if !(value.is_finite() && value >= 0.0) => {
                Err(EvaluateError::SmoothingValue { value })
            }
            Self::Exponential | Self::Floor(_) | Self::AddK(_) | Self::None => Ok(()),
        }
    }
}

/// The BLEU metric and its settings. The defaults are sacreBLEU's.
///
/// BLEU = BP · exp(¼ Σₙ ln pₙ). pₙ is the percentage of the hypotheses' n-grams (n = 1 to 4) that occur in a
/// reference; BP = min(1, exp(1 − r/c)) for hypothesis length c and reference length r in tokens. Counts are
/// summed over the corpus before the score is computed, so it is not a mean of sentence scores.
#[derive(Debug, Clone, Default)]
pub struct Bleu {
    tokenizer: Tokenizer,
    smoothing: Smoothing,
    lowercase: bool,
    effective_order: bool,
}

impl Bleu {
    /// Case-sensitive BLEU with the 13a tokenizer and exponential smoothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tokenizer.
    pub fn with_tokenizer(mut self, tokenizer: Tokenizer) -> Self {
        self.tokenizer = tokenizer;
        self
    }

    /// Sets the smoothing of zero precisions.
    pub fn with_smoothing(mut self, smoothing: Smoothing) -> Self {
        self.smoothing = smoothing;
        self
    }

    /// Sets whether segments are lowercased first.
    pub fn with_lowercase(mut self, lowercase: bool) -> Self {
        self.lowercase = lowercase;
        self
    }

    /// Sets whether the mean excludes orders longer than the hypothesis. Enable this for single sentences: a
    /// hypothesis of three tokens has no 4-grams.
    pub fn with_effective_order(mut self, effective_order: bool) -> Self {
        self.effective_order = effective_order;
        self
    }

    /// The score of a corpus with one reference per hypothesis.
    ///
    /// # Errors
    ///
    /// If the corpus is empty, the numbers of hypotheses and references differ, or the smoothing value is
    /// negative or not finite.
    pub fn corpus(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<str>],
    ) -> Result<BleuScore, EvaluateError> {
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
    ) -> Result<BleuScore, EvaluateError> {
        let segments = corpus::segments(hypotheses, references)?;
        self.score(segments.map(|segment| self.counts(&segment)).sum(), references.len())
    }

    /// The score of one sentence with one or more references. See
    /// [`with_effective_order`](Self::with_effective_order).
    ///
    /// # Errors
    ///
    /// If there is no reference, or the smoothing value is negative or not finite.
    pub fn sentence(
        &self,
        hypothesis: &str,
        references: &[impl AsRef<str>],
    ) -> Result<BleuScore, EvaluateError> {
        let segment = corpus::sentence(hypothesis, references)?;
        self.score(self.counts(&segment), references.len())
    }

    /// The confidence interval of a corpus score with one reference per hypothesis.
    ///
    /// # Errors
    ///
    /// See [`corpus`](Self::corpus).
    pub fn interval(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<str>],
        bootstrap: &Bootstrap,
    ) -> Result<Interval, EvaluateError> {
        self.smoothing.check()?;
        let streams = [references];
        let segments = corpus::segments(hypotheses, &streams)?;
        let counts: Vec<Statistics> = segments.map(|segment| self.counts(&segment)).collect();
        Ok(bootstrap.interval(counts.len(), |drawn| {
            self.value_of(&drawn.iter().map(|&index| counts[index]).sum::<Statistics>())
        }))
    }

    fn counts(&self, segment: &Segment<'_>) -> Statistics {
        let hypothesis = self.tokenize(segment.hypothesis);
        let references: Vec<_> = segment.references.iter().map(|r| self.tokenize(r)).collect();
        Statistics::of_segment(&hypothesis, &references)
    }

    fn tokenize(&self, segment: &str) -> String {
        if self.lowercase {
            self.tokenizer.tokenize(trim_end(&segment.to_lowercase())).into_owned()
        } else {
            self.tokenizer.tokenize(trim_end(segment)).into_owned()
        }
    }

    fn score(
        &self,
        statistics: Statistics,
        n_references: usize,
    ) -> Result<BleuScore, EvaluateError> {
        self.smoothing.check()?;
        Ok(BleuScore {
            score: self.value_of(&statistics),
            signature: self.signature(ReferenceCount::Each(n_references), &[]),
            precisions: self.precisions(&statistics).0,
            brevity_penalty: statistics.brevity_penalty(),
            matches: statistics.matches,
            totals: statistics.totals,
            hypothesis_len: statistics.hypothesis_len,
            reference_len: statistics.reference_len,
        })
    }

    fn value_of(&self, statistics: &Statistics) -> f64 {
        let (precisions, order) = self.precisions(statistics);
        let mean_log = precisions[..order].iter().map(|p| p.ln()).sum::<f64>() / order as f64;
        statistics.brevity_penalty() * mean_log.exp()
    }

    /// Smoothed precisions in percent, and the number of orders to average.
    fn precisions(&self, statistics: &Statistics) -> ([f64; MAX_ORDER], usize) {
        let mut precisions = [0.0; MAX_ORDER];
        let mut order = MAX_ORDER;
        if statistics.matches == [0; MAX_ORDER] {
            return (precisions, order);
        }
        let mut unmatched_orders = 0;
        for (n, precision) in precisions.iter_mut().enumerate() {
            let added = match self.smoothing {
                Smoothing::AddK(k) if n > 0 => k,
                Smoothing::Exponential
                | Smoothing::Floor(_)
                | Smoothing::AddK(_)
                | Smoothing::None => 0.0,
            };
            let matches = statistics.matches[n] as f64 + added;
            let total = statistics.totals[n] as f64 + added;
            if total == 0.0 {
                break;
            }
            if self.effective_order {
                order = n + 1;
            }
            let smoothed = match self.smoothing {
                Smoothing::Exponential if matches == 0.0 => {
                    unmatched_orders += 1;
                    0.5_f64.powi(unmatched_orders)
                }
                Smoothing::Floor(value) if matches == 0.0 => value,
                Smoothing::Exponential
                | Smoothing::Floor(_)
                | Smoothing::AddK(_)
                | Smoothing::None => matches,
            };
            *precision = 100.0 * smoothed / total;
        }
        (precisions, order)
    }
}

/// Statistics: the lengths of hypothesis and reference, then matches and totals of each order.
impl Metric for Bleu {
    fn name(&self) -> String {
        "BLEU".to_owned()
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::new("case", case(self.lowercase)),
            Setting::new("eff", yes_no(self.effective_order)),
            Setting::new("tok", self.tokenizer.name()),
            Setting::new("smooth", self.smoothing.signature()),
        ]
    }

    fn statistics(&self, segment: &Segment<'_>) -> Vec<f64> {
        self.counts(segment).to_vec()
    }

    fn value(&self, statistics: &[f64]) -> f64 {
        self.value_of(&Statistics::from_slice(statistics))
    }

    fn details(&self, statistics: &[f64]) -> Option<String> {
        let statistics = Statistics::from_slice(statistics);
        self.score(statistics, 1).ok().map(|score| score.details())
    }
}
