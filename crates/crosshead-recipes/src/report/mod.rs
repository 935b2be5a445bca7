//! Results of validation and test: metrics, a confusion matrix, samples.

use std::fmt;

use crosshead_evaluate::{ConfusionMatrix, Interval, Score};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

pub mod metric;

pub use metric::Metric;

/// The value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricValue {
    /// The metric.
    pub metric: &'static Metric,
    /// The value.
    pub value: f64,
    /// The settings it was computed with, if there is a standard format for them, as in sacreBLEU.
    pub signature: Option<String>,
    /// The confidence interval over test sets of the same size and kind, if the metric has one.
    pub interval: Option<Interval>,
}

impl MetricValue {
    /// A value without a signature and a confidence interval.
    pub fn new(metric: &'static Metric, value: f64) -> Self {
        Self { metric, value, signature: None, interval: None }
    }

    /// Sets the confidence interval.
    pub fn with_interval(mut self, interval: Interval) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Name and value.
    pub fn brief(&self) -> String {
        format!("{} {:.*}", self.metric.name, self.metric.decimals, self.value)
    }

    /// The value, negated if lower is better, so that higher is always better.
    pub fn goodness(&self) -> f64 {
        if self.metric.higher_is_better { self.value } else { -self.value }
    }
}

impl From<(&'static Metric, Score)> for MetricValue {
    fn from((metric, score): (&'static Metric, Score)) -> Self {
        Self { signature: Some(score.signature), ..Self::new(metric, score.score) }
    }
}

/// Writes name, value, confidence interval and signature.
impl fmt::Display for MetricValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.brief())?;
        if let Some(Interval { low, high, level }) = self.interval {
            let (percent, decimals) = (100.0 * level, self.metric.decimals);
            write!(f, " ({percent:.0} %: {low:.decimals$} to {high:.decimals$})")?;
        }
        match &self.signature {
            Some(signature) => write!(f, "  {signature}"),
            None => Ok(()),
        }
    }
}

/// A confusion matrix with the names of its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The labels of the classes.
    pub labels: Vec<String>,
    /// The matrix.
    pub matrix: ConfusionMatrix,
}

impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.matrix.table(&self.labels).fmt(f)
    }
}

/// Metrics of a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The name of the baseline.
    pub name: &'static str,
    /// The metrics.
    pub metrics: Vec<MetricValue>,
}

/// An example from the test data, as named texts.
pub type Sample = Vec<(&'static str, String)>;

/// The result of an evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The metrics.
    pub metrics: Vec<MetricValue>,
    /// Baselines, such as a simple method on the same data.
    pub baselines: Vec<Baseline>,
    /// Counts, such as the number of sentences.
    pub counts: Vec<(&'static str, usize)>,
    /// The confusion matrix.
    pub confusion: Option<Confusion>,
    /// The first examples.
    pub samples: Vec<Sample>,
}

impl Report {
    /// The value of a metric.
    pub fn value(&self, metric: &Metric) -> Option<f64> {
        self.metrics
            .iter()
            .find(|measured| measured.metric == metric)
            .map(|measured| measured.value)
    }
}

/// Serializes the metrics by key, each with name, score, signature and confidence interval, followed by counts, baselines and the confusion
/// matrix. The samples are left out.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for measured in &self.metrics {
            map.serialize_entry(measured.metric.key, &to_json(measured))?;
        }
        for (name, count) in &self.counts {
            map.serialize_entry(name, count)?;
        }
        for Baseline { name, metrics } in &self.baselines {
            let metrics: Map<String, Value> = metrics
                .iter()
                .map(|measured| (measured.metric.key.to_owned(), to_json(measured)))
                .collect();
            map.serialize_entry(name, &metrics)?;
        }
        if let Some(Confusion { labels, matrix }) = &self.confusion {
            map.serialize_entry("confusion", &json!({ "labels": labels, "rows": matrix.rows() }))?;
        }
        map.end()
    }
}

fn to_json(measured: &MetricValue) -> Value {
    let mut object = json!({ "name": measured.metric.name, "score": measured.value });
    if let Some(signature) = &measured.signature {
        object["signature"] = json!(signature);
    }
    if let Some(interval) = measured.interval {
        object["interval"] = json!(interval);
    }
    object
}
