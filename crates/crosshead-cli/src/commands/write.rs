//! `crosshead translate` and `crosshead summarize`.

use crosshead::{SearchOptions, TextToText, Written};
use serde_json::json;

use super::lines::{for_each_chunk, warn_if_cut};
use crate::args::{Compute, Search, Write};
use crate::{device, output};

/// What the texts of a task are called.
pub(crate) struct Names {
    /// A text that is read, in messages.
    text: &'static str,
    /// The key of what is read.
    source: &'static str,
    /// The key of what is written.
    target: &'static str,
}

pub(crate) const TRANSLATE: Names =
    Names { text: "sentence", source: "source", target: "translation" };

pub(crate) const SUMMARIZE: Names =
    Names { text: "document", source: "document", target: "summary" };

pub(crate) fn run(names: &Names, args: &Write, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let writer = TextToText::from_pretrained(&texts.model, &device::open(compute.device)?)?;
    let options = options(&args.search, writer.options());
    let writer = writer.with_options(options);
    for_each_chunk(&texts.texts, |sources, first| {
        let written = writer.write(sources, |_| {})?;
        for ((number, source), Written { text, score, truncated }) in
            (first..).zip(sources).zip(written)
        {
            warn_if_cut(truncated, number, names.text);
            if texts.json {
                output::line(json!({ names.source: source, names.target: text, "score": score }))?;
            } else {
                output::line(text)?;
            }
        }
        Ok(())
    })
}

/// How the command line asks to search; what it leaves open is as the model says.
pub(super) fn options(search: &Search, defaults: SearchOptions) -> SearchOptions {
    SearchOptions {
        beams: search.beams.map_or(defaults.beams, usize::from),
        length_penalty: search.length_penalty.unwrap_or(defaults.length_penalty),
        batch_size: search.batch_size.into(),
    }
}
