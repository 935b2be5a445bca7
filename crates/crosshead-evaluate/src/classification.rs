//! The quality of classification, by counts of what was taken for what.

use std::fmt;

use serde::Serialize;

use crate::EvaluateError;

/// How often an example of each class was taken for each class; all scores follow from it, as in scikit-learn.
///
/// Where a denominator is 0, a score is 0 (scikit-learn's `zero_division=0`). Means over classes are over those that occur in
/// the truth or in the predictions, as by default in scikit-learn; [`MeanOver::AllClasses`] counts the others too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    n_classes: usize,
    /// Row by row: `[true class, predicted class]`.
    counts: Vec<u64>,
}

/// Which classes a mean over classes counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MeanOver {
    /// The classes that occur in the truth or in the predictions: scikit-learn's default.
    #[default]
    OccurringClasses,
    /// All `n_classes`; one that does not occur counts as 0 (scikit-learn's `labels=range(n_classes)`).
    AllClasses,
}

/// The scores of one class, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassScore {
    /// The share of the predictions of this class that are right.
    pub precision: f64,
    /// The share of this class's examples that are found.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// The number of this class's examples.
    pub support: u64,
}

/// The scores that a report needs, from 0 to 1 (Matthews's from −1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassificationScore {
    /// The share of the predictions that are right; with one class for each example micro-F₁ is the same.
    pub accuracy: f64,
    /// The mean of the F₁ of the classes that occur.
    pub macro_f1: f64,
    /// The mean of the classes' F₁, weighted by their numbers of examples.
    pub weighted_f1: f64,
    /// Matthews's correlation coefficient, for two classes (Matthews 1975) and more (Gorodkin 2004).
    pub matthews: f64,
    /// The number of examples.
    pub examples: u64,
}

impl ConfusionMatrix {
    /// Counts the examples' classes against the predicted ones.
    ///
    /// # Errors
    ///
    /// If there is no example, the numbers differ, or a class is not below `n_classes`.
    pub fn new(truth: &[u32], predicted: &[u32], n_classes: usize) -> Result<Self, EvaluateError> {
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
        if let Some(&class) = all.find(|&&class| class as usize >= n_classes) {
            return Err(EvaluateError::NoSuchClass { class, n_classes });
        }
        let mut counts = vec![0; n_classes * n_classes];
        for (&truth, &predicted) in truth.iter().zip(predicted) {
            counts[truth as usize * n_classes + predicted as usize] += 1;
        }
        Ok(Self { n_classes, counts })
    }

    /// The counts for each true class: `rows()[true][predicted]`.
    pub fn rows(&self) -> Vec<&[u64]> {
        self.counts.chunks(self.n_classes).collect()
    }

    /// The scores of a class.
    ///
    /// # Panics
    /// If the class is not below the number of classes.
    pub fn class(&self, class: usize) -> ClassScore {
        let (found, examples, predictions) =
            (self.count(class, class), self.examples(class), self.predictions(class));
        ClassScore {
            precision: ratio(found, predictions),
            recall: ratio(found, examples),
            f1: ratio(2 * found, examples + predictions),
            support: examples,
        }
    }

    /// The share of the predictions that are right.
    pub fn accuracy(&self) -> f64 {
        ratio(self.right(), self.total())
    }

    /// The mean of the F₁ of the classes that occur in the truth or in the predictions.
    pub fn macro_f1(&self) -> f64 {
        self.macro_f1_over(MeanOver::OccurringClasses)
    }

    /// The mean of the F₁ of these classes.
    pub fn macro_f1_over(&self, over: MeanOver) -> f64 {
        let is_counted = |&class: &usize| match over {
            MeanOver::OccurringClasses => self.examples(class) + self.predictions(class) > 0,
            MeanOver::AllClasses => true,
        };
        let counted: Vec<f64> =
            (0..self.n_classes).filter(is_counted).map(|class| self.class(class).f1).collect();
        counted.iter().sum::<f64>() / counted.len() as f64
    }

    /// F₁ of all classes' counts together; with one class for each example it is the accuracy.
    pub fn micro_f1(&self) -> f64 {
        self.accuracy()
    }

    /// The mean of the classes' F₁, weighted by their numbers of examples; a class without any has no weight.
    pub fn weighted_f1(&self) -> f64 {
        let sum: f64 = self.classes().map(|class| class.f1 * class.support as f64).sum();
        sum / self.total() as f64
    }

    /// Matthews's correlation coefficient: with c right of s examples, tₖ examples and pₖ predictions of class k,
    /// (c·s − Σ pₖtₖ) / √((s² − Σ pₖ²)(s² − Σ tₖ²)).
    pub fn matthews(&self) -> f64 {
        let (right, total) = (self.right() as f64, self.total() as f64);
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            (0..self.n_classes)
                .map(|class| f(self.examples(class) as f64, self.predictions(class) as f64))
                .sum()
        };
        let covariance = right * total - sum(&|examples, predictions| examples * predictions);
        let of_truth = total * total - sum(&|examples, _| examples * examples);
        let of_predictions = total * total - sum(&|_, predictions| predictions * predictions);
        let spread = (of_truth * of_predictions).sqrt();
        if spread > 0.0 { covariance / spread } else { 0.0 }
    }

    /// The scores that a report needs.
    pub fn score(&self) -> ClassificationScore {
        ClassificationScore {
            accuracy: self.accuracy(),
            macro_f1: self.macro_f1(),
            weighted_f1: self.weighted_f1(),
            matthews: self.matthews(),
            examples: self.total(),
        }
    }

    /// The matrix as text: a row for each true class, a column for each predicted one.
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

    fn right(&self) -> u64 {
        (0..self.n_classes).map(|class| self.count(class, class)).sum()
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
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
