//! Output: results to standard output, everything else to standard error.

use std::io::{self, Write};

/// Line breaks as in Python's `splitlines`: LF, VT, FF, CR, the file, group and record separators, NEL, and Unicode's line and
/// paragraph separators.
const LINE_BREAKS: [char; 10] =
    ['\n', '\u{b}', '\u{c}', '\r', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Writes a line of results.
///
/// # Errors
/// If standard output cannot be written. If the reader has closed the pipe, the program instead exits successfully.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => Ok(result?),
    }
}

/// Writes part of the results and flushes.
///
/// # Errors
/// See [`line`].
pub(crate) fn part(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => Ok(result?),
    }
}

/// Writes a message to standard error. If that fails, the message is lost.
pub(crate) fn message(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A text as a single line: each line break becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    text.replace("\r\n", "\n").replace(LINE_BREAKS, " ")
}

/// A text as a field of a tab-separated line: each line break and each tab becomes a space.
pub(crate) fn field(text: &str) -> String {
    one_line(text).replace('\t', " ")
}

/// Writes an error and its causes, skipping causes that the message already contains.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    message(format_args!("error: {text}"));
}
