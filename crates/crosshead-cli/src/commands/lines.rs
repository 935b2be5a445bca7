//! Texts of the command line, or lines of standard input.

use std::io::{self, BufRead};

use anyhow::Context;
use crosshead::models::NotFollowed;

/// Lines of standard input that are taken together.
const LINES_AT_ONCE: usize = 512;

/// Gives `f` the texts, or chunk by chunk the lines of standard input where the only text is `-`, with the number of the
/// first, from 1.
pub(super) fn for_each_chunk(
    texts: &[String],
    mut f: impl FnMut(&[String], usize) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if texts != ["-"] {
        return f(texts, 1);
    }
    let mut lines = io::stdin().lock().split(b'\n').enumerate();
    let mut first = 1;
    loop {
        let chunk = lines.by_ref().take(LINES_AT_ONCE).map(|(index, line)| text(index + 1, line));
        let chunk = chunk.collect::<anyhow::Result<Vec<String>>>()?;
        if chunk.is_empty() {
            return Ok(());
        }
        f(&chunk, first)?;
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

/// Warns that only a part of a text was read.
pub(super) fn warn_if_cut(truncated: bool, number: usize, what: &str) {
    if truncated {
        crate::output::message(format_args!(
            "warning: {what} {number} is longer than the model takes and was cut"
        ));
    }
}

/// Warns of options of the model that change the text and are not followed.
pub(super) fn warn_of_not_followed(options: &[NotFollowed]) {
    for option in options {
        crate::output::message(format_args!("warning: {option}"));
    }
}
