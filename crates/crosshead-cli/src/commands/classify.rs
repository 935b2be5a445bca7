//! `crosshead classify`.

use crosshead::{Classified, Classifier, ScoreFunction};
use serde_json::{Map, Value, json};

use super::lines::{answer_each, warn_if_cut};
use super::quantize::compute_type;
use crate::args::{Classify, Compute};
use crate::{device, output};

pub(crate) fn run(args: &Classify, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let device = device::open(compute.device)?;
    let compute_type = compute_type(&texts.model, &texts.precision, &device)?;
    let files = crosshead::model_files(&texts.model, texts.adapter.as_deref())?;
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
    let answer = |texts: &[String], _| Ok(classifier.classify(texts)?);
    answer_each(&texts.texts, answer, |number, text, classified| {
        warn_if_cut(classified.truncated, number, "text");
        if texts.json {
            return output::line(to_json(text, scores, &classified));
        }
        let best = &classified.labels[0];
        output::line(format_args!("{}\t{:.4}", output::field(&best.name), best.score))
    })
}

fn to_json(text: &str, scores: &str, classified: &Classified) -> Value {
    let labels: Map<String, Value> =
        classified.labels.iter().map(|label| (label.name.clone(), json!(label.score))).collect();
    json!({ "text": text, "label": classified.labels[0].name, scores: labels })
}
