//! `crosshead summarize`, and what it shares with `crosshead translate`.

use crosshead::tasks::TaskError;
use crosshead::{DecodeOptions, ModelTask, TextHooks, TextToText, Written};
use serde_json::json;

use super::alignment;
use super::lines::{Input, answer_each, warn_if_cut, warn_of_not_followed};
use super::prompt::{self, Entry, Session};
use super::quantize::compute_type;
use crate::args::{AlignmentForm, Command, Compute, ModelArgs, Precision, Search, Write};
use crate::{device, models, output};

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

/// The options that can change at a prompt.
pub(super) const OPTIONS: [&str; 6] =
    ["from", "to", "beams", "length-penalty", "max-tokens", "prefix"];

pub(crate) fn run(args: &Write, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let input = texts.open()?;
    let loaded = open(&texts.model, ModelTask::Summarization, &texts.precision, compute)?;
    let mut writer = prepare(loaded.clone(), &args.search)?;
    if let Input::Prompt = input {
        return prompt::run(&mut Session::new("summarize", &OPTIONS), |entry| match entry {
            Entry::Text(text) => {
                let written = writer.write(&[&text], TextHooks::none())?.remove(0);
                show(&SUMMARIZE, texts.json, None, 1, &text, written)
            }
            Entry::Changed(changed) => {
                if let Command::Summarize(changed) = changed.command {
                    writer = prepare(loaded.clone(), &changed.search)?;
                }
                Ok(())
            }
        });
    }
    let answer = |texts: &[String], _| Ok(writer.write(texts, TextHooks::none())?);
    answer_each(input, answer, |number, source, written| {
        show(&SUMMARIZE, texts.json, None, number, source, written)
    })
}

/// Loads the model of a task, without the decoding options of the command line.
pub(super) fn open(
    model: &ModelArgs,
    task: ModelTask,
    precision: &Precision,
    compute: &Compute,
) -> anyhow::Result<TextToText> {
    let device = device::open(compute.device)?;
    let found = models::find(model, task)?;
    let compute_type = compute_type(&found, precision, &device)?;
    let files = crosshead::model_files(&found, model.adapter.as_deref())?;
    Ok(TextToText::from_files(&files, &device)?.with_compute_type(compute_type))
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
