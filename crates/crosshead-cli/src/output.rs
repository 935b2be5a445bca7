//! Output: results to standard output or a file, everything else to standard error.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};

/// Line breaks as in Python's `splitlines`: LF, VT, FF, CR, the file, group and record separators, NEL, and Unicode's line and
/// paragraph separators.
const LINE_BREAKS: [char; 10] =
    ['\n', '\u{b}', '\u{c}', '\r', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// What is printed besides results and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum Told {
    /// Nothing.
    Nothing,
    /// Progress, notes and warnings.
    Messages,
    /// Also details, such as which files are used.
    Details,
}

/// What is printed, as a number.
static TOLD: AtomicU8 = AtomicU8::new(Told::Messages as u8);

/// The file that receives the results, instead of standard output.
static OUT: Mutex<Option<Out>> = Mutex::new(None);

/// A file that is written under a temporary name.
struct Out {
    path: PathBuf,
    partial: PathBuf,
    file: BufWriter<File>,
}

/// Sets what is printed.
pub(crate) fn tell(told: Told) {
    TOLD.store(told as u8, Ordering::Relaxed);
}

/// Whether this is printed.
pub(crate) fn tells(told: Told) -> bool {
    TOLD.load(Ordering::Relaxed) >= told as u8
}

/// From here on, results are written to a file. It has the name `PATH.partial` until [`finish`].
///
/// # Errors
/// If it cannot be created.
pub(crate) fn to_file(path: &Path) -> anyhow::Result<()> {
    let Some(name) = path.file_name() else { bail!("{}: not the name of a file", path.display()) };
    let mut partial = name.to_owned();
    partial.push(".partial");
    let partial = path.with_file_name(partial);
    let file = File::create(&partial).with_context(|| partial.display().to_string())?;
    *out() = Some(Out { path: path.to_owned(), partial, file: BufWriter::new(file) });
    Ok(())
}

/// Gives the file with the results its name.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn finish() -> anyhow::Result<()> {
    let Some(Out { path, partial, mut file }) = out().take() else { return Ok(()) };
    let saved = file.flush().and_then(|()| fs::rename(&partial, &path));
    saved.with_context(|| path.display().to_string())
}

/// Ends the file with the results after an error: what is written so far stays under its temporary name.
pub(crate) fn abandon() {
    let Some(Out { partial, mut file, .. }) = out().take() else { return };
    let is_written = file.flush().is_ok();
    if is_written && fs::metadata(&partial).is_ok_and(|found| found.len() > 0) {
        message(format_args!("the results before the error are in {}", partial.display()));
    } else {
        let _ = fs::remove_file(&partial);
    }
}

fn out() -> MutexGuard<'static, Option<Out>> {
    OUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a line of results.
///
/// # Errors
/// If the output cannot be written. If the reader has closed the pipe, the program instead exits successfully.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    write(format!("{text}\n").as_bytes())
}

/// Writes part of the results and flushes.
///
/// # Errors
/// See [`line`].
pub(crate) fn part(text: &str) -> anyhow::Result<()> {
    bytes(text.as_bytes())
}

/// Writes bytes of the results and flushes.
///
/// # Errors
/// See [`line`].
pub(crate) fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    write(bytes)?;
    match out().as_mut() {
        Some(out) => Ok(out.file.flush()?),
        None => closed(io::stdout().flush()),
    }
}

fn write(bytes: &[u8]) -> anyhow::Result<()> {
    match out().as_mut() {
        Some(out) => out.file.write_all(bytes).with_context(|| out.partial.display().to_string()),
        None => closed(io::stdout().lock().write_all(bytes)),
    }
}

/// The result of writing to standard output. A closed pipe ends the program.
fn closed(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => Ok(result?),
    }
}

/// Writes a message to standard error, unless nothing is printed. If that fails, the message is lost.
pub(crate) fn message(text: impl std::fmt::Display) {
    if tells(Told::Messages) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Writes a detail to standard error, if details are printed.
pub(crate) fn detail(text: impl std::fmt::Display) {
    if tells(Told::Details) {
        message(text);
    }
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
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}

/// Weights with the digits that f32 has.
pub(crate) fn rounded(weights: &[Vec<f32>]) -> Vec<Vec<f64>> {
    let round = |weight: &f32| (f64::from(*weight) * 1e7).round() / 1e7;
    weights.iter().map(|row| row.iter().map(round).collect()).collect()
}
