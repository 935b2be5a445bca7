//! `crosshead translate`.

use std::io::{self, BufRead};

use anyhow::Context;
use crosshead::{Translation, Translator};
use serde_json::json;

use crate::args::{Compute, Translate};
use crate::output;

/// Lines of standard input that are translated together and then written.
const LINES_AT_ONCE: usize = 512;

pub(crate) fn run(args: &Translate, compute: &Compute) -> anyhow::Result<()> {
    let translator = super::translator(&args.model, &args.search, compute)?;
    if args.sentences != ["-"] {
        return translate(&translator, &args.sentences, 1, args.json);
    }
    let mut lines = io::stdin().lock().split(b'\n').enumerate();
    let mut first = 1;
    loop {
        let chunk = lines.by_ref().take(LINES_AT_ONCE).map(|(index, line)| text(index + 1, line));
        let chunk = chunk.collect::<anyhow::Result<Vec<String>>>()?;
        if chunk.is_empty() {
            return Ok(());
        }
        translate(&translator, &chunk, first, args.json)?;
        first += chunk.len();
    }
}

fn text(number: usize, line: io::Result<Vec<u8>>) -> anyhow::Result<String> {
    let line = line.with_context(|| format!("standard input, line {number}"))?;
    let text = String::from_utf8(line).with_context(|| {
        format!("standard input, line {number} is not UTF-8; convert it, for example with iconv")
    })?;
    Ok(text.trim_end_matches('\r').to_owned())
}

/// Translates sentences, the first of which has the number `first`.
fn translate(
    translator: &Translator,
    sentences: &[String],
    first: usize,
    as_json: bool,
) -> anyhow::Result<()> {
    let translations = translator.translate_with(sentences, |_| {})?;
    for ((number, source), Translation { text, score, truncated }) in
        (first..).zip(sentences).zip(translations)
    {
        if truncated {
            output::message(format_args!(
                "warning: sentence {number} is longer than the model takes and was cut"
            ));
        }
        if as_json {
            output::line(json!({ "source": source, "translation": text, "score": score }))?;
        } else {
            output::line(text)?;
        }
    }
    Ok(())
}
