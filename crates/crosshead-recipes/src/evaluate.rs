//! The evaluation of any model on a file, as its recipe reads files.

use std::path::Path;

use burn::tensor::Device;
use crosshead_data::{DataError, LabelSet};
use crosshead_tasks::{Classifier, FillMask, Generator, TextToText};

use crate::host::{Assets, Events};
use crate::jobs::{
    classification, language_modeling, masked_language_modeling, summaries, tested, translations,
};
use crate::recipe::{LabelledSection, TaskKind};
use crate::{Error, Recipe, Report, data};

/// What the model of a directory reaches on a file, which is read by the recipe's `[data]` section; `prepare` changes how an
/// encoder-decoder searches, or the languages it is told.
///
/// # Errors
/// If the directory holds no model of the recipe's task, or the file is not as the task needs it.
pub fn evaluate(
    recipe: &Recipe,
    model: &Path,
    file: &str,
    prepare: impl FnOnce(TextToText) -> Result<TextToText, crosshead_tasks::Error>,
    device: &Device,
    assets: &dyn Assets,
    events: &mut dyn Events,
) -> Result<Report, Error> {
    match recipe {
        Recipe::TextToText(recipe) => {
            let pairs = data::pairs(file, &recipe.data, assets)?;
            let writer = prepare(TextToText::from_pretrained(model, device)?)?;
            let progress = &mut tested(events, pairs.len(), "texts");
            match recipe.task {
                TaskKind::Summarize => summaries(&writer, &pairs, progress),
                _ => translations(&writer, &pairs, progress),
            }
        }
        Recipe::Classify(recipe) => {
            let classifier = Classifier::from_pretrained(model, device)?;
            let (texts, classes) = labelled(file, &recipe.data, classifier.labels(), assets)?;
            let progress = &mut tested(events, texts.len(), "texts");
            classification(&classifier, &texts, &classes, progress)
        }
        Recipe::LanguageModel(_) => {
            let text = data::text(file, assets)?;
            let generator = Generator::from_pretrained(model, device)?;
            let ids = generator.tokenizer().encode_with_special(&text)?;
            let total = ids.len().saturating_sub(1);
            language_modeling(&generator, &text, &mut tested(events, total, "tokens"))
        }
        Recipe::MaskedLm(recipe) => {
            let text = data::text(file, assets)?;
            let fill = FillMask::from_pretrained(model, device)?;
            let total = fill.tokenizer().encode(&text)?.len();
            let progress = &mut tested(events, total, "tokens");
            let positions = fill.model().encoder.config().stack.max_len;
            let (context, share) = (recipe.data.context.min(positions), recipe.data.masked);
            masked_language_modeling(&fill, &text, context, share, progress)
        }
    }
}

/// The texts of a file and their classes: a label is one of the recipe's, a name of the model's or the number of a class.
fn labelled(
    file: &str,
    section: &LabelledSection,
    names: &[String],
    assets: &dyn Assets,
) -> Result<(Vec<String>, Vec<u32>), Error> {
    let rows = data::rows(file, [&section.label, &section.text], assets)?;
    let written = section.labels.as_deref().unwrap_or(names);
    let known = LabelSet::from_names(written.to_vec())?;
    let class = |label: &str| {
        let number = label.parse().ok().filter(|&number: &u32| (number as usize) < names.len());
        known.class(label).or(number)
    };
    let classes: Result<Vec<u32>, DataError> = rows
        .iter()
        .map(|row| {
            let label = &row.fields[0];
            class(label).ok_or_else(|| DataError::UnseenLabel {
                name: file.to_owned(),
                line: row.line,
                label: label.clone(),
                known: written.join(", "),
            })
        })
        .collect();
    let texts = rows.into_iter().map(|row| {
        let [_, text] = row.fields;
        text
    });
    Ok((texts.collect(), classes?))
}
