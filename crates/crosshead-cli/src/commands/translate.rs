//! `crosshead translate`.

use std::cell::Cell;

use super::document;
use super::lines::answer_each;
use super::splitter::Splitter;
use super::terms::Terms;
use super::write::{TRANSLATE, load, prepare, show};
use crate::args::{Compute, Loops, Translate};

pub(crate) fn run(args: &Translate, compute: &Compute) -> anyhow::Result<()> {
    if args.files.input.is_some() && args.results.n_best.is_some_and(|n| n > 1) {
        anyhow::bail!("--n-best is for texts; a document has one translation");
    }
    let terms = Terms::read(&args.glossary)?;
    let writer = load(&args.model, args.adapter.as_deref(), &args.precision, compute)?;
    let writer = prepare(writer, &args.search, &args.results, Loops::Cut)?;
    let splitter = Splitter {
        writer: &writer,
        terms,
        done: Cell::new(0),
        split: args.files.split,
        language: args
            .files
            .split_language
            .as_ref()
            .or(args.search.from.as_ref())
            .map_or("en", String::as_str),
    };
    if let (Some(input), Some(output)) = (&args.files.input, &args.files.output) {
        return document::translate(&splitter, &args.files, input, output);
    }
    let answer = |texts: &[String], _| Ok(splitter.write(texts)?);
    answer_each(&args.texts, answer, |number, source, written| {
        show(&TRANSLATE, &args.results, args.json, number, source, written)
    })
}
