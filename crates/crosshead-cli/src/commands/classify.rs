//! `crosshead classify`.

use crosshead::{Classified, Classifier};
use serde_json::{Map, Value, json};

use super::lines::{for_each_chunk, warn_if_cut};
use crate::args::{Classify, Compute};
use crate::{device, output};

pub(crate) fn run(args: &Classify, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let classifier = Classifier::from_pretrained(&texts.model, &device::open(compute.device)?)?;
    for_each_chunk(&texts.texts, |chunk, first| {
        let classified = classifier.classify(chunk)?;
        for ((number, text), classified) in (first..).zip(chunk).zip(classified) {
            warn_if_cut(classified.truncated, number, "text");
            if texts.json {
                output::line(to_json(text, &classified))?;
            } else {
                let best = &classified.labels[0];
                output::line(format_args!("{}\t{:.4}", best.name, best.probability))?;
            }
        }
        Ok(())
    })
}

fn to_json(text: &str, classified: &Classified) -> Value {
    let labels: Map<String, Value> = classified
        .labels
        .iter()
        .map(|label| (label.name.clone(), json!(label.probability)))
        .collect();
    json!({ "text": text, "label": classified.labels[0].name, "probabilities": labels })
}
