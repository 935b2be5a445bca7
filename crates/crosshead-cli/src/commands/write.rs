//! `crosshead summarize`, and what it shares with `crosshead translate`.

use std::path::Path;

use crosshead::tasks::TaskError;
use crosshead::{DecodeOptions, ModelTask, StopReason, TextHooks, TextToText, Written};
use serde_json::{Map, json};

use super::lines::{Input, answer_each, warn_if_cut, warn_of_not_followed};
use super::prompt::{self, Entry, Session};
use super::quantize::compute_type;
use super::{alignment, hypotheses};
use crate::args::{
    AlignmentForm, Command, Compute, Loops, ModelArgs, Precision, Results, Search, Write,
};
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
    let mut writer = prepare(loaded.clone(), &args.search, &args.results, Loops::Cut)?;
    if let Input::Prompt = input {
        return prompt::run(&mut Session::new("summarize", &OPTIONS), |entry| match entry {
            Entry::Text(text) => {
                let written = writer.write(&[&text], TextHooks::none())?.remove(0);
                show(&SUMMARIZE, &args.results, texts.json, None, 1, &text, written)
            }
            Entry::Changed(changed) => {
                if let Command::Summarize(changed) = changed.command {
                    writer =
                        prepare(loaded.clone(), &changed.search, &changed.results, Loops::Cut)?;
                }
                Ok(())
            }
        });
    }
    let answer = |texts: &[String], first: usize| {
        let hooks = TextHooks::none().with_first_sequence(first - 1);
        Ok(writer.write(texts, hooks)?)
    };
    answer_each(input, answer, |number, source, written| {
        show(&SUMMARIZE, &args.results, texts.json, None, number, source, written)
    })
}

/// Loads the model of a task, without the decoding options of the command line.
pub(super) fn open(
    model: &ModelArgs,
    task: ModelTask,
    precision: &Precision,
    compute: &Compute,
) -> anyhow::Result<TextToText> {
    load(&models::find(model, task)?, model.adapter.as_deref(), precision, compute)
}

/// Loads the model in a directory, without the decoding options of the command line.
pub(super) fn load(
    model: &Path,
    adapter: Option<&Path>,
    precision: &Precision,
    compute: &Compute,
) -> anyhow::Result<TextToText> {
    let device = device::open(compute.device)?;
    let compute_type = compute_type(model, precision, &device)?;
    let files = crosshead::model_files(model, adapter)?;
    Ok(TextToText::from_files(&files, &device)?.with_compute_type(compute_type))
}

/// Prints the output for one text.
pub(super) fn show(
    names: &Names,
    results: &Results,
    json: bool,
    alignments: Option<AlignmentForm>,
    number: usize,
    source: &str,
    written: Written,
) -> anyhow::Result<()> {
    let Written { text, score, stop, truncated, alignment, n_best, drafts } = written;
    warn_if_cut(truncated, number, names.text);
    if stop == Some(StopReason::Loop) {
        let name = names.text;
        output::message(format_args!(
            "warning: the output for {name} {number} is cut: it repeated the same words again and again"
        ));
    }
    if json {
        let mut object = Map::new();
        object.insert(names.source.to_owned(), json!(source));
        object.insert(names.target.to_owned(), json!(text));
        object.insert("score".to_owned(), json!(score));
        hypotheses::complete(&mut object, stop, &n_best, results);
        hypotheses::add_drafts(&mut object, drafts);
        if let Some(form) = alignments {
            let alignment = alignment.unwrap_or_default();
            let links = alignment::to_json(&alignment, source, &text, form);
            object.insert("alignments".to_owned(), links);
        }
        output::line(serde_json::Value::Object(object))
    } else if n_best.len() > 1 || results.n_best.is_some_and(|n| n > 1) {
        hypotheses::lines(number, &n_best)
    } else {
        output::line(output::one_line(&text))
    }
}

/// The model with the decoding options from the command line; options that are not given come from the model.
pub(super) fn prepare(
    writer: TextToText,
    asked: &Search,
    results: &Results,
    loops: Loops,
) -> Result<TextToText, TaskError> {
    let options = DecodeOptions {
        max_tokens: asked.max_tokens.map(usize::from),
        target_prefix: asked.target_prefix.clone(),
        ..results.in_options(asked.decoding.options(loops))
    };
    let mut writer = writer.with_options(options).with_batch_size(asked.batch_size.into());
    warn_of_not_followed(&writer.not_followed());
    if let Some(prefix) = &asked.prefix {
        writer = writer.with_prefix(prefix);
    }
    with_languages(writer, asked.from.as_deref(), asked.to.as_deref())
}

/// The model with the languages from the command line.
pub(super) fn with_languages(
    writer: TextToText,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<TextToText, TaskError> {
    if from.is_none() && to.is_none() {
        return Ok(writer);
    }
    let writer = writer.with_languages(from, to)?;
    if from.is_some() && !writer.takes_source_language() {
        output::message("warning: --from is not used: this model takes only a target language");
    }
    Ok(writer)
}
