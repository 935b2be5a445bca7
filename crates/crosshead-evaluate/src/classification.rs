//! Classification metrics from a confusion matrix.

use std::fmt;

use serde::Serialize;

use crate::{Bootstrap, EvaluateError, Interval};

/// A confusion matrix and the scores derived from it, as in scikit-learn.
///
/// A score with a denominator of 0 is 0 (scikit-learn's `zero_division=0`). By default, means over classes include only
/// the classes that occur among the true or predicted classes, as in scikit-learn; [`MeanOver::AllClasses`] includes
/// all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    n_classes: usize,
    /// `[n_classes, n_classes]` in row-major order: true class, predicted class.
    counts: Vec<u64>,
}

/// The classes included in a mean over classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MeanOver {
    /// The classes that occur among the true or predicted classes: scikit-learn's default.
    #[default]
    OccurringClasses,
    /// All `n_classes`. A class that does not occur has a score of 0 (scikit-learn's `labels=range(n_classes)`).
    AllClasses,
}

/// The scores of one class, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassScore {
    /// The fraction of the predictions of this class that are correct.
    pub precision: f64,
    /// The fraction of the examples of this class that are predicted correctly.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The number of examples of this class.
    pub support: u64,
}

/// The summary scores of a classifier, from 0 to 1 (`matthews` from −1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassificationScore {
    /// The fraction of correct predictions. With one class per example, it equals micro-F₁.
    pub accuracy: f64,
    /// The mean F₁ of the classes that occur.
    pub macro_f1: f64,
    /// The mean F₁ of the classes, weighted by support.
    pub weighted_f1: f64,
    /// The Matthews correlation coefficient, for two classes (Matthews 1975) or more (Gorodkin 2004).
    pub matthews: f64,
    /// The number of examples.
    pub examples: u64,
}

impl ConfusionMatrix {
    /// Counts the pairs of true and predicted classes.
    ///
    /// # Errors
    ///
    /// If there are no examples, the lengths differ, or a class is not below `n_classes`.
    pub fn new(truth: &[u32], predicted: &[u32], n_classes: usize) -> Result<Self, EvaluateError> {
        check(truth, predicted, n_classes)?;
        let pairs = truth.iter().copied().zip(predicted.iter().copied());
        Ok(Self::of_pairs(pairs, n_classes))
    }

    /// The confidence interval of a score of the matrix, such as `ConfusionMatrix::accuracy`.
    ///
    /// # Errors
    ///
    /// See [`new`](Self::new).
    pub fn interval(
        truth: &[u32],
        predicted: &[u32],
        n_classes: usize,
        bootstrap: &Bootstrap,
        score: impl Fn(&Self) -> f64,
    ) -> Result<Interval, EvaluateError> {
        check(truth, predicted, n_classes)?;
        Ok(bootstrap.interval(truth.len(), |drawn| {
            let pairs = drawn.iter().map(|&index| (truth[index], predicted[index]));
            score(&Self::of_pairs(pairs, n_classes))
        }))
    }

    fn of_pairs(pairs: impl Iterator<Item = (u32, u32)>, n_classes: usize) -> Self {
        let mut counts = vec![0; n_classes * n_classes];
        for (truth, predicted) in pairs {
            counts[truth as usize * n_classes + predicted as usize] += 1;
        }
        Self { n_classes, counts }
    }

    /// The rows of the matrix: `rows()[true][predicted]`.
    pub fn rows(&self) -> Vec<&[u64]> {
        self.counts.chunks(self.n_classes).collect()
    }

    /// The scores of a class.
    ///
    /// # Panics
    /// If `class` is not below the number of classes.
    pub fn class(&self, class: usize) -> ClassScore {
        let (correct, examples, predictions) =
            (self.count(class, class), self.examples(class), self.predictions(class));
        ClassScore {
            precision: ratio(correct, predictions),
            recall: ratio(correct, examples),
            f1: ratio(2 * correct, examples + predictions),
            support: examples,
        }
    }

    /// The fraction of correct predictions.
    pub fn accuracy(&self) -> f64 {
        ratio(self.correct(), self.total())
    }

    /// The mean F₁ of the classes that occur among the true or predicted classes.
    pub fn macro_f1(&self) -> f64 {
        self.macro_f1_over(MeanOver::OccurringClasses)
    }

    /// The mean F₁ of the given classes.
    pub fn macro_f1_over(&self, over: MeanOver) -> f64 {
        let is_included = |&class: &usize| match over {
            MeanOver::OccurringClasses => self.examples(class) + self.predictions(class) > 0,
            MeanOver::AllClasses => true,
        };
        let scores: Vec<f64> =
            (0..self.n_classes).filter(is_included).map(|class| self.class(class).f1).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }

    /// F₁ of the counts summed over all classes. With one class per example, it equals the accuracy.
    pub fn micro_f1(&self) -> f64 {
        self.accuracy()
    }

    /// The mean F₁ of the classes, weighted by support.
    pub fn weighted_f1(&self) -> f64 {
        let sum: f64 = self.classes().map(|class| class.f1 * class.support as f64).sum();
        sum / self.total() as f64
    }

    /// The Matthews correlation coefficient (c·s − Σ pₖtₖ) / √((s² − Σ pₖ²)(s² − Σ tₖ²)), with c correct predictions of s
    /// examples, and tₖ examples and pₖ predictions of class k.
    pub fn matthews(&self) -> f64 {
        let (correct, total) = (self.correct() as f64, self.total() as f64);
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            (0..self.n_classes)
                .map(|class| f(self.examples(class) as f64, self.predictions(class) as f64))
                .sum()
        };
        let covariance = correct * total - sum(&|examples, predictions| examples * predictions);
        let of_truth = total * total - sum(&|examples, _| examples * examples);
        let of_predictions = total * total - sum(&|_, predictions| predictions * predictions);
        let spread = (of_truth * of_predictions).sqrt();
        if spread > 0.0 { covariance / spread } else { 0.0 }
    }

    /// The summary scores.
    pub fn score(&self) -> ClassificationScore {
        ClassificationScore {
            accuracy: self.accuracy(),
            macro_f1: self.macro_f1(),
            weighted_f1: self.weighted_f1(),
            matthews: self.matthews(),
            examples: self.total(),
        }
    }

    /// The matrix as a text table with a row per true class and a column per predicted class.
    pub fn table<'a>(&'a self, labels: &'a [String]) -> impl fmt::Display + 'a {
        Table { matrix: self, labels }
    }

    fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.n_classes + predicted]
    }

    fn examples(&self, class: usize) -> u64 {
        (0..self.n_classes).map(|predicted| self.count(class, predicted)).sum()
    }

    fn predictions(&self, class: usize) -> u64 {
        (0..self.n_classes).map(|truth| self.count(truth, class)).sum()
    }

    fn classes(&self) -> impl Iterator<Item = ClassScore> {
        (0..self.n_classes).map(|class| self.class(class))
    }

    fn correct(&self) -> u64 {
        (0..self.n_classes).map(|class| self.count(class, class)).sum()
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

fn check(truth: &[u32], predicted: &[u32], n_classes: usize) -> Result<(), EvaluateError> {
    if truth.is_empty() {
        return Err(EvaluateError::EmptyCorpus);
    }
    if truth.len() != predicted.len() {
        return Err(EvaluateError::PredictionCount {
            examples: truth.len(),
            predictions: predicted.len(),
        });
    }
    let mut all = truth.iter().chain(predicted);
    match all.find(|&&class| class as usize >= n_classes) {
        Some(&class) => Err(EvaluateError::NoSuchClass { class, n_classes }),
        None => Ok(()),
    }
}

fn ratio(part: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { part as f64 / total as f64 }
}

struct Table<'a> {
    matrix: &'a ConfusionMatrix,
    labels: &'a [String],
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = |class: usize| self.labels.get(class).cloned().unwrap_or(class.to_string());
        let labels: Vec<String> = (0..self.matrix.n_classes).map(label).collect();
        let counts = self.matrix.counts.iter().map(|count| count.to_string().len());
        let cell =
            labels.iter().map(|label| label.chars().count()).chain(counts).max().unwrap_or(0);
        let head = cell.max("true \\ predicted".len());
        write!(f, "{:<head$}", "true \\ predicted")?;
        for label in &labels {
            write!(f, "  {label:>cell$}")?;
        }
        for (label, row) in labels.iter().zip(self.matrix.rows()) {
            write!(f, "\n{label:<head$}")?;
            for count in row {
                write!(f, "  {count:>cell$}")?;
            }
        }
        Ok(())
    }
}
