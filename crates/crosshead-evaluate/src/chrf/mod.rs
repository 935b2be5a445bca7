//! chrF (Popović 2015, *chrF: character n-gram F-score for automatic MT evaluation*) and chrF++ (Popović
//! 2017, *chrF++: words helping character n-grams*).

mod statistics;

use crate::corpus;
use crate::metric::Metric;
use crate::score::{case, yes_no};
use crate::segment::{ReferenceCount, Segment};
use crate::setting::Setting;
use crate::{Bootstrap, EvaluateError, Interval, Score};
use statistics::{OrderCounts, Units, add};

/// The chrF metric and its settings. The defaults are those of sacreBLEU's chrF2.
///
/// chrF = 100 · (1 + β²) · P · R / (β² · P + R), where precision P and recall R are means over the n-gram
/// orders. Counts are summed over the corpus before the score is computed, so it is not a mean of sentence scores.
#[derive(Debug, Clone)]
pub struct Chrf {
    char_order: usize,
    word_order: usize,
    beta: u32,
    lowercase: bool,
    whitespace: bool,
    eps_smoothing: bool,
}

impl Default for Chrf {
    fn default() -> Self {
        Self {
            char_order: 6,
            word_order: 0,
            beta: 2,
            lowercase: false,
            whitespace: false,
            eps_smoothing: false,
        }
    }
}

impl Chrf {
    /// chrF over character n-grams of order 1 to 6, with β = 2.
    pub fn new() -> Self {
        Self::default()
    }

    /// chrF++: chrF that also uses word unigrams and bigrams.
    pub fn plus_plus() -> Self {
        Self::default().with_word_order(2)
    }

    /// Sets the highest character n-gram order.
    pub fn with_char_order(mut self, char_order: usize) -> Self {
        self.char_order = char_order;
        self
    }

    /// Sets the highest word n-gram order; 0 for no word n-grams.
    pub fn with_word_order(mut self, word_order: usize) -> Self {
        self.word_order = word_order;
        self
    }

    /// Sets β: recall is weighted β times as much as precision.
    pub fn with_beta(mut self, beta: u32) -> Self {
        self.beta = beta;
        self
    }

    /// Sets whether segments are lowercased first.
    pub fn with_lowercase(mut self, lowercase: bool) -> Self {
        self.lowercase = lowercase;
        self
    }

    /// Sets whether character n-grams include white space.
    pub fn with_whitespace(mut self, whitespace: bool) -> Self {
        self.whitespace = whitespace;
        self
    }

    /// Sets whether the F-score is computed per order and averaged over all orders, with 10⁻¹⁶ for orders
    /// without n-grams, as in chrF++.py, NLTK and Moses. Otherwise precision and recall are averaged over the
    /// orders for which both sides have n-grams (sacreBLEU's "effective order").
    pub fn with_eps_smoothing(mut self, eps_smoothing: bool) -> Self {
        self.eps_smoothing = eps_smoothing;
        self
    }

    /// The score of a corpus with one reference per hypothesis.
    ///
    /// # Errors
    ///
    /// If the corpus is empty, the numbers of hypotheses and references differ, or both orders are 0.
    pub fn corpus(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<str>],
    ) -> Result<Score, EvaluateError> {
        self.corpus_multi(hypotheses, &[references])
    }

    /// The score of a corpus with multiple reference streams, each with one reference per hypothesis. Each
    /// segment is compared with the reference that gives the best score.
    ///
    /// # Errors
    ///
    /// See [`corpus`](Self::corpus); also if there is no stream.
    pub fn corpus_multi<R: AsRef<str>>(
        &self,
        hypotheses: &[impl AsRef<str>],
        references: &[impl AsRef<[R]>],
    ) -> Result<Score, EvaluateError> {
        self.score(corpus::segments(hypotheses, references)?, references.len())
    }

    /// The score of one sentence, compared with the reference that gives the best score.
    ///
    /// # Errors
    ///
    /// If there is no reference, or both orders are 0.
    pub fn sentence(
        &self,
        hypothesis: &str,
        references: &[impl AsRef<str>],
    ) -> Result<Score, EvaluateError> {
        self.score([corpus::sentence(hypothesis, references)?], references.len())
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
        self.check()?;
        let streams = [references];
        let segments = corpus::segments(hypotheses, &streams)?;
        let counts: Vec<_> = segments.map(|segment| self.best_counts(&segment)).collect();
        Ok(bootstrap.interval(counts.len(), |drawn| {
            100.0 * self.f_score(&self.sum(drawn.iter().map(|&index| &*counts[index])))
        }))
    }

    fn score<'a>(
        &self,
        segments: impl IntoIterator<Item = Segment<'a>>,
        n_references: usize,
    ) -> Result<Score, EvaluateError> {
        self.check()?;
        let counts: Vec<_> =
            segments.into_iter().map(|segment| self.best_counts(&segment)).collect();
        let counts = self.sum(counts.iter().map(|counts| &**counts));
        Ok(Score {
            name: self.name(),
            score: 100.0 * self.f_score(&counts),
            signature: self.signature(ReferenceCount::Each(n_references), &[]),
        })
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// If both orders are 0.
    pub fn check(&self) -> Result<(), EvaluateError> {
        if self.char_order + self.word_order == 0 { Err(EvaluateError::NoOrder) } else { Ok(()) }
    }

    /// The summed counts of the segments.
    fn sum<'a>(&self, segments: impl Iterator<Item = &'a [OrderCounts]>) -> Vec<OrderCounts> {
        let mut sum = vec![OrderCounts::default(); self.char_order + self.word_order];
        segments.for_each(|counts| add(&mut sum, counts));
        sum
    }

    /// The counts for the reference with the best F-score; the first of several equally good ones.
    fn best_counts(&self, segment: &Segment<'_>) -> Vec<OrderCounts> {
        let hypothesis = self.units(segment.hypothesis);
        let mut best = (Vec::new(), f64::NEG_INFINITY);
        for reference in &segment.references {
            let reference = self.units(reference);
            let counts = hypothesis.compare(&reference, self.char_order, self.word_order);
            let f_score = self.f_score(&counts);
            if f_score > best.1 {
                best = (counts, f_score);
            }
        }
        best.0
    }

    fn units(&self, segment: &str) -> Units {
        if self.lowercase {
            Units::new(&segment.to_lowercase(), self.whitespace)
        } else {
            Units::new(segment, self.whitespace)
        }
    }

    fn f_score(&self, counts: &[OrderCounts]) -> f64 {
        if self.eps_smoothing { self.mean_f_score(counts) } else { self.f_score_of_means(counts) }
    }

    fn mean_f_score(&self, counts: &[OrderCounts]) -> f64 {
        const EPSILON: f64 = 1e-16;
        let sum: f64 = counts
            .iter()
            .map(|order| {
                let precision = order.precision().unwrap_or(EPSILON);
                let recall = order.recall().unwrap_or(EPSILON);
                self.f_beta(precision, recall).unwrap_or(EPSILON)
            })
            .sum();
        sum / counts.len() as f64
    }

    fn f_score_of_means(&self, counts: &[OrderCounts]) -> f64 {
        let orders: Vec<_> =
            counts.iter().filter_map(|order| order.precision().zip(order.recall())).collect();
        let mean = |value: fn(&(f64, f64)) -> f64| {
            orders.iter().map(value).sum::<f64>() / orders.len().max(1) as f64
        };
        self.f_beta(mean(|order| order.0), mean(|order| order.1)).unwrap_or(0.0)
    }

    /// The F-score, undefined if its denominator is 0.
    fn f_beta(&self, precision: f64, recall: f64) -> Option<f64> {
        let factor = f64::from(self.beta).powi(2);
        let denominator = factor * precision + recall;
        (denominator > 0.0).then(|| (1.0 + factor) * precision * recall / denominator)
    }
}

/// Statistics: for each order, the numbers of n-grams in the hypothesis and in the reference, and of those that match.
impl Metric for Chrf {
    fn name(&self) -> String {
        format!("chrF{}{}", self.beta, "+".repeat(self.word_order))
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::new("case", case(self.lowercase)),
            Setting::new("eff", yes_no(!self.eps_smoothing)),
            Setting::new("nc", self.char_order.to_string()),
            Setting::new("nw", self.word_order.to_string()),
            Setting::new("space", yes_no(self.whitespace)),
        ]
    }

    fn statistics(&self, segment: &Segment<'_>) -> Vec<f64> {
        self.best_counts(segment).iter().flat_map(|counts| counts.to_array()).collect()
    }

    fn value(&self, statistics: &[f64]) -> f64 {
        let counts: Vec<_> = statistics.chunks_exact(3).map(OrderCounts::from_slice).collect();
        100.0 * self.f_score(&counts)
    }
}
