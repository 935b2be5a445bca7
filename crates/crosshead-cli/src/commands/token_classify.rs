//! `crosshead token-classify`.

use crosshead::{Entity, ModelTask, Tagger};
use serde_json::{Value, json};

use super::lines::{answer_each, warn_if_cut};
use super::quantize::compute_type;
use crate::args::{Compute, TokenClassify};
use crate::{device, models, output};

pub(crate) fn run(args: &TokenClassify, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let input = texts.open()?;
    let device = device::open(compute.device)?;
    let model = models::find(&texts.model, ModelTask::TokenClassification)?;
    let compute_type = compute_type(&model, &texts.precision, &device)?;
    let files = crosshead::model_files(&model, texts.model.adapter.as_deref())?;
    let tagger = Tagger::from_files(&files, &device)?.with_compute_type(compute_type);
    let answer = |texts: &[String], _| Ok(tagger.tag(texts, args.aggregation.into())?);
    answer_each(input, answer, |number, text, tagged| {
        warn_if_cut(tagged.truncated, number, "text");
        if texts.json {
            let entities: Vec<Value> =
                tagged.entities.iter().map(|entity| to_json(text, entity)).collect();
            return output::line(json!({ "text": text, "entities": entities }));
        }
        tagged.entities.iter().try_for_each(|Entity { label, score, range }| {
            let words = output::field(&text[range.clone()]);
            output::line(format_args!("{number}\t{}\t{score:.4}\t{words}", output::field(label)))
        })
    })
}

fn to_json(text: &str, Entity { label, score, range }: &Entity) -> Value {
    let characters = |bytes: usize| text[..bytes].chars().count();
    json!({
        "label": label,
        "score": score,
        "words": &text[range.clone()],
        "start": characters(range.start),
        "end": characters(range.end),
    })
}
