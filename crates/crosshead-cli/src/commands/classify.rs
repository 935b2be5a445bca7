//! `crosshead classify`.

use anyhow::Context;
use crosshead::{Classified, Classifier, ModelTask, ScoreFunction, TextPair};
use serde_json::{Map, Value, json};

use super::lines::{answer_each, warn_if_cut, warn_if_far};
use super::quantize::compute_type;
use crate::args::{Classify, Compute};
use crate::{device, models, output};

pub(crate) fn run(args: &Classify, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let input = texts.open()?;
    let device = device::open(compute.device)?;
    let model = models::find(&texts.model, ModelTask::Classification)?;
    let compute_type = compute_type(&model, &texts.precision, &device)?;
    let files = crosshead::model_files(&model, texts.model.adapter.as_deref())?;
    let classifier = Classifier::from_files(&files, &device)?;
    let classifier = classifier.with_compute_type(compute_type);
    let classifier = match args.function {
        Some(function) => classifier.with_function(function.into()),
        None => classifier,
    };
    // The JSON key of the scores.
    let scores = match classifier.function() {
        ScoreFunction::Softmax | ScoreFunction::Sigmoid => "probabilities",
        ScoreFunction::None => "scores",
    };
    let answer = |texts: &[String], first: usize| {
        if !args.pairs {
            return Ok(classifier.classify(texts)?);
        }
        let pairs: anyhow::Result<Vec<TextPair>> =
            (first..).zip(texts).map(|(number, text)| pair(number, text)).collect();
        Ok(classifier.classify_pairs_with(&pairs?, |_| {})?)
    };
    answer_each(input, answer, |number, text, classified| {
        warn_if_cut(classified.truncated, number, "text");
        warn_if_far(classifier.is_far(text, &classified)?, classifier.domain(), number, "text");
        if texts.json {
            return output::line(to_json(text, scores, &classified));
        }
        let best = &classified.labels[0];
        output::line(format_args!("{}\t{:.4}", output::field(&best.name), best.score))
    })
}

/// The two texts of a line.
fn pair(number: usize, text: &str) -> anyhow::Result<TextPair> {
    let mut texts = text.split('\t').map(str::to_owned);
    match (texts.next(), texts.next(), texts.next()) {
        (Some(first), Some(second), None) => Some(TextPair { first, second }),
        (None, _, _) | (_, None, _) | (_, _, Some(_)) => None,
    }
    .with_context(|| {
        let columns = text.split('\t').count();
        format!("text {number}: {columns} column(s): --pairs needs two texts with exactly one tab between them")
    })
}

fn to_json(text: &str, scores: &str, classified: &Classified) -> Value {
    let labels: Map<String, Value> =
        classified.labels.iter().map(|label| (label.name.clone(), json!(label.score))).collect();
    json!({ "text": text, "label": classified.labels[0].name, scores: labels })
}
