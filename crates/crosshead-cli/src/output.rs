//! What the user sees: results on standard output, everything else on standard error.

use std::io::{self, Write};

/// Characters that end a line: LF, VT, FF, CR, the separators of files, groups and records, NEL, and Unicode's separators
/// of lines and paragraphs.
const LINE_BREAKS: [char; 10] =
    ['\n', '\u{b}', '\u{c}', '\r', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

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

/// Writes a message; nobody is left to tell if standard error cannot be written.
pub(crate) fn message(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A text on one line: each line break, of every kind at which Python's `splitlines` breaks, becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    text.replace("\r\n", "\n").replace(LINE_BREAKS, " ")
}

/// A text as a field of a line whose fields tabs divide: each line break and each tab becomes a space.
pub(crate) fn field(text: &str) -> String {
    one_line(text).replace('\t', " ")
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
