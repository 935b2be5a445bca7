//! `crosshead translate`.

use super::document;
use super::lines::answer_each;
use super::splitter::Splitter;
use super::write::{TRANSLATE, open, show};
use crate::args::{Compute, Translate};

pub(crate) fn run(args: &Translate, compute: &Compute) -> anyhow::Result<()> {
    let writer =
        open(&args.model, args.adapter.as_deref(), &args.precision, &args.search, compute)?;
    let splitter = Splitter {
        writer: &writer,
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
        show(&TRANSLATE, args.json, number, source, written)
    })
}
