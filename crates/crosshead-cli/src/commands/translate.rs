//! `crosshead translate`.

use std::cell::Cell;

use anyhow::{Context, bail};
use crosshead::{AlignmentLayer, ModelTask, TextToText, Written};

use super::document;
use super::lines::{Input, answer_each, warn_if_far};
use super::prompt::{self, Entry, Session};
use super::splitter::Splitter;
use super::terms::Terms;
use super::write::{OPTIONS, TRANSLATE, open, prepare, show};
use crate::args::{Command, Compute, Loops, Translate};
use crate::output;

pub(crate) fn run(args: &Translate, compute: &Compute) -> anyhow::Result<()> {
    let files = &args.files;
    if let (None, Some(option)) = (&files.file, files.given()) {
        bail!("{option} is for documents; name one with --file");
    }
    if files.file.is_some() && args.results.n_best.is_some_and(|n| n > 1) {
        bail!("--n-best is for texts; a document has one translation");
    }
    let mut terms = Terms::read(&args.glossary)?;
    let loaded = open(&args.model, ModelTask::Translation, &args.precision, compute)?;
    let mut writer = prepared(loaded.clone(), args)?;
    if let Some(document) = &files.file {
        return document::translate(&splitter(&writer, &terms, args), files, document);
    }
    let input = Input::of(&args.texts, None)?;
    if let Some(out) = &files.out {
        output::to_file(out)?;
    }
    let Input::Prompt = input else {
        let splitter = splitter(&writer, &terms, args);
        let answer = |texts: &[String], _| Ok(splitter.write(texts)?);
        return answer_each(input, answer, |number, source, written| {
            tell(&writer, args, number, source, written)
        });
    };
    let mut current: Option<Translate> = None;
    prompt::run(&mut Session::new("translate", &OPTIONS), |entry| match entry {
        Entry::Text(text) => {
            let args = current.as_ref().unwrap_or(args);
            let written =
                splitter(&writer, &terms, args).write(std::slice::from_ref(&text))?.remove(0);
            tell(&writer, args, 1, &text, written)
        }
        Entry::Changed(changed) => {
            if let Command::Translate(changed) = changed.command {
                writer = prepared(loaded.clone(), &changed)?;
                terms = Terms::read(&changed.glossary)?;
                current = Some(changed);
            }
            Ok(())
        }
    })
}

/// Prints a translation.
fn tell(
    writer: &TextToText,
    args: &Translate,
    number: usize,
    source: &str,
    written: Written,
) -> anyhow::Result<()> {
    warn_if_far(writer.is_far(source, &written)?, writer.domain(), number, "sentence");
    show(&TRANSLATE, &args.results, args.json, args.alignments, number, source, written)
}

fn splitter<'a>(writer: &'a TextToText, terms: &'a Terms, args: &'a Translate) -> Splitter<'a> {
    let (files, search) = (&args.files, &args.search);
    let language = files.split_language.as_ref().or(search.from.as_ref());
    Splitter {
        writer,
        terms,
        split: files.split,
        language: language.map_or("en", String::as_str),
        done: Cell::new(0),
    }
}

/// The model with the options from the command line.
fn prepared(loaded: TextToText, args: &Translate) -> anyhow::Result<TextToText> {
    let writer = prepare(loaded, &args.search, &args.results, Loops::Cut)?;
    // In a document, markup moves with the words that it encloses.
    if args.alignments.is_some() || args.files.file.is_some() {
        return aligned(writer, args.alignment_layer);
    }
    Ok(writer)
}

/// The translator with alignments, by a layer counted from 1.
fn aligned(writer: TextToText, layer: Option<u16>) -> anyhow::Result<TextToText> {
    let Some(number) = layer else {
        return Ok(writer.with_alignment(AlignmentLayer::default())?);
    };
    let index = AlignmentLayer::Index(usize::from(number) - 1);
    writer.with_alignment(index).with_context(|| format!("--alignment-layer {number}"))
}
