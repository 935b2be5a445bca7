//! Texts from the command line, or lines of standard input that are processed as they arrive.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crosshead::data::{DataError, LineReader};
use crosshead::models::NotFollowed;

/// The name used for standard input in messages.
const STANDARD_INPUT: &str = "standard input";

/// Maximum number of lines that are processed as one batch.
const LINES_AT_ONCE: usize = 512;

/// Maximum number of lines that are read ahead.
const LINES_AHEAD: usize = 2 * LINES_AT_ONCE;

/// A batch ends when no line arrives for this long. A file, or a program that writes without pauses, provides the next
/// line sooner, so its lines are batched.
const PAUSE: Duration = Duration::from_millis(5);

/// Maximum time that a line waits for more lines to arrive.
const PATIENCE: Duration = Duration::from_millis(50);

/// A line, or the error that occurred while reading it.
type Line = Result<String, DataError>;

/// Whether the texts are `-`, for the lines of standard input.
pub(super) fn are_lines(texts: &[String]) -> bool {
    texts == ["-"]
}

/// Shows the answer to each text, in order, with its number, starting at 1.
///
/// The single text `-` means the lines of standard input. The lines that have arrived are processed as one batch. If a
/// line cannot be processed, the command shows the answers to the lines before it and then ends with the error. The
/// arguments of `answer` are the texts and the number of the first one.
pub(super) fn answer_each<T>(
    texts: &[String],
    mut answer: impl FnMut(&[String], usize) -> anyhow::Result<Vec<T>>,
    mut show: impl FnMut(usize, &str, T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut show_all = |texts: &[String], first: usize, answers: Vec<T>| {
        let mut numbered = (first..).zip(texts).zip(answers);
        numbered.try_for_each(|((number, text), answer)| show(number, text, answer))
    };
    if !are_lines(texts) {
        let answers = answer(texts, 1)?;
        return show_all(texts, 1, answers);
    }
    let lines = read_in_background();
    let mut first = 1;
    loop {
        let mut chunk = Vec::new();
        let has_more = take_arrived(&lines, &mut chunk);
        match answer(&chunk, first) {
            Ok(answers) => show_all(&chunk, first, answers)?,
            // One at a time, so that the lines before the faulty one are processed.
            Err(_) => {
                for (number, line) in (first..).zip(chunk.chunks(1)) {
                    let answers = answer(line, number).map_err(|error| {
                        error.context(format!("{STANDARD_INPUT}, line {number}"))
                    })?;
                    show_all(line, number, answers)?;
                }
            }
        }
        first += chunk.len();
        if !has_more? {
            return Ok(());
        }
    }
}

/// All texts, for commands that need all input before they can produce output.
pub(super) fn all(texts: &[String]) -> Result<Vec<String>, DataError> {
    if are_lines(texts) {
        return LineReader::new(STANDARD_INPUT, io::stdin().lock()).collect();
    }
    Ok(texts.to_vec())
}

/// The lines of standard input, read by a background thread that ends with the program.
fn read_in_background() -> Receiver<Line> {
    let (sender, receiver) = sync_channel(LINES_AHEAD);
    thread::spawn(move || {
        let mut lines = LineReader::new(STANDARD_INPUT, io::stdin().lock());
        // `send` fails once the command has failed.
        lines.try_for_each(|line| sender.send(line))
    });
    receiver
}

/// Waits for a line, and takes the lines that follow without a pause. Returns whether there may be more.
fn take_arrived(lines: &Receiver<Line>, chunk: &mut Vec<String>) -> Result<bool, DataError> {
    let Ok(line) = lines.recv() else { return Ok(false) };
    chunk.push(line?);
    let started = Instant::now();
    while chunk.len() < LINES_AT_ONCE && started.elapsed() < PATIENCE {
        match lines.recv_timeout(PAUSE) {
            Ok(line) => chunk.push(line?),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
        }
    }
    Ok(true)
}

/// Warns that a text was truncated.
pub(super) fn warn_if_cut(truncated: bool, number: usize, what: &str) {
    if truncated {
        crate::output::message(format_args!(
            "warning: {what} {number} is longer than the model allows and was truncated"
        ));
    }
}

/// Warns about unsupported options in the model's files that would affect the output.
pub(super) fn warn_of_not_followed(options: &[NotFollowed]) {
    for option in options {
        crate::output::message(format_args!("warning: {option}"));
    }
}
