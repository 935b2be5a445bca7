//! `crosshead classify`.

use crosshead::{Classified, Classifier, ScoreFunction};
use serde_json::{Map, Value, json};

use super::lines::{for_each_chunk, warn_if_cut};
use crate::args::{Classify, Compute};
use crate::{device, output};

pub(crate) fn run(args: &Classify, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let classifier = Classifier::from_pretrained(&texts.model, &device::open(compute.device)?)?;
    let classifier = match args.function {
        Some(function) => classifier.with_function(function.into()),
        None => classifier,
    };
    // The name of the scores.
    let scores = match classifier.function() {
        ScoreFunction::Softmax | ScoreFunction::Sigmoid => "probabilities",
        ScoreFunction::None => "scores",
    };
    for_each_chunk(&texts.texts, |chunk, first| {
        let classified = classifier.classify(chunk)?;
        for ((number, text), classified) in (first..).zip(chunk).zip(classified) {
            warn_if_cut(classified.truncated, number, "text");
            if texts.json {
                output::line(to_json(text, scores, &classified))?;
            } else {
                let best = &classified.labels[0];
                output::line(format_args!("{}\t{:.4}", best.name, best.score))?;
            }
        }
        Ok(())
    })
}

fn to_json(text: &str, scores: &str, classified: &Classified) -> Value {
    let labels: Map<String, Value> =
        classified.labels.iter().map(|label| (label.name.clone(), json!(label.score))).collect();
    json!({ "text": text, "label": classified.labels[0].name, scores: labels })
}
