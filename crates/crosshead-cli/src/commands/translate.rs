//! `crosshead translate`.

use anyhow::Context;
use crosshead::{AlignmentLayer, TextToText};

use super::document;
use super::lines::answer_each;
use super::splitter::Splitter;
use super::write::{TRANSLATE, open, show};
use crate::args::{Compute, Translate};

pub(crate) fn run(args: &Translate, compute: &Compute) -> anyhow::Result<()> {
    let writer =
        open(&args.model, args.adapter.as_deref(), &args.precision, &args.search, compute)?;
    // In a document, markup moves with the words that it encloses.
    let writer = if args.alignments.is_some() || args.files.input.is_some() {
        aligned(writer, args.alignment_layer)?
    } else {
        writer
    };
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
        show(&TRANSLATE, args.json, args.alignments, number, source, written)
    })
}

/// The translator with alignments, by a layer counted from 1.
fn aligned(writer: TextToText, layer: Option<u16>) -> anyhow::Result<TextToText> {
    let Some(number) = layer else {
        return Ok(writer.with_alignment(AlignmentLayer::default())?);
    };
    let index = AlignmentLayer::Index(usize::from(number) - 1);
    writer.with_alignment(index).with_context(|| format!("--alignment-layer {number}"))
}
