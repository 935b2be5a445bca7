//! `crosshead summarize`, and what it shares with `crosshead translate`.

use std::path::Path;

use crosshead::tasks::TaskError;
use crosshead::{DecodeOptions, TextHooks, TextToText, Written};
use serde_json::json;

use super::alignment;
use super::lines::{answer_each, warn_if_cut, warn_of_not_followed};
use super::quantize::compute_type;
use crate::args::{AlignmentForm, Compute, Precision, Search, Write};
use crate::{device, output};

/// The names of a task's inputs and outputs.
pub(super) struct Names {
    /// The input in messages.
    text: &'static str,
    /// The JSON key of the input.
    source: &'static str,
    /// The JSON key of the output.
    target: &'static str,
}

pub(super) const TRANSLATE: Names =
    Names { text: "sentence", source: "source", target: "translation" };

const SUMMARIZE: Names = Names { text: "document", source: "document", target: "summary" };

pub(crate) fn run(args: &Write, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let writer =
        open(&texts.model, texts.adapter.as_deref(), &texts.precision, &args.search, compute)?;
    let answer = |texts: &[String], _| Ok(writer.write(texts, TextHooks::none())?);
    answer_each(&texts.texts, answer, |number, source, written| {
        show(&SUMMARIZE, texts.json, None, number, source, written)
    })
}

/// Loads a model with the options from the command line.
pub(super) fn open(
    model: &Path,
    adapter: Option<&Path>,
    precision: &Precision,
    search: &Search,
    compute: &Compute,
) -> anyhow::Result<TextToText> {
    let device = device::open(compute.device)?;
    let compute_type = compute_type(model, precision, &device)?;
    let files = crosshead::model_files(model, adapter)?;
    let writer = TextToText::from_files(&files, &device)?.with_compute_type(compute_type);
    Ok(prepare(writer, search)?)
}

/// Prints the output for one text.
pub(super) fn show(
    names: &Names,
    json: bool,
    alignments: Option<AlignmentForm>,
    number: usize,
    source: &str,
    written: Written,
) -> anyhow::Result<()> {
    let Written { text, score, truncated, alignment, .. } = written;
    warn_if_cut(truncated, number, names.text);
    if json {
        let mut object = json!({ names.source: source, names.target: text, "score": score });
        if let Some(form) = alignments {
            let alignment = alignment.unwrap_or_default();
            object["alignments"] = alignment::to_json(&alignment, source, &text, form);
        }
        output::line(object)
    } else {
        output::line(output::one_line(&text))
    }
}

/// The model with the decoding options from the command line; options that are not given come from the model.
pub(super) fn prepare(writer: TextToText, asked: &Search) -> Result<TextToText, TaskError> {
    warn_of_not_followed(&writer.not_followed());
    let options = DecodeOptions {
        beams: asked.beams.map(usize::from),
        length_penalty: asked.length_penalty,
        max_tokens: asked.max_tokens.map(usize::from),
        ..DecodeOptions::default()
    };
    let mut writer = writer.with_options(options).with_batch_size(asked.batch_size.into());
    if let Some(prefix) = &asked.prefix {
        writer = writer.with_prefix(prefix);
    }
    if asked.from.is_none() && asked.to.is_none() {
        return Ok(writer);
    }
    let writer = writer.with_languages(asked.from.as_deref(), asked.to.as_deref())?;
    if asked.from.is_some() && !writer.takes_source_language() {
        output::message("warning: --from is not used: this model takes only a target language");
    }
    Ok(writer)
}
