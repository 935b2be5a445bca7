//! What the user sees: results on standard output, everything else on standard error.

#![allow(clippy::print_stderr, reason = "the one place that writes messages")]

use std::io::{self, Write};

/// Writes a line of results.
///
/// # Errors
/// If standard output cannot be written, but for a reader that has gone: then the program ends quietly.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => Ok(result?),
    }
}

/// Writes a part of a line of results at once.
///
/// # Errors
/// As [`line`].
pub(crate) fn part(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => Ok(result?),
    }
}

/// Writes a message.
pub(crate) fn message(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// Writes an error with its causes; a cause that its error already quotes is left out.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    message(format_args!("error: {text}"));
}
