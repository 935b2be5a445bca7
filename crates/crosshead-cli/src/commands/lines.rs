//! Texts of the command line, or lines of standard input, each answered when it has come.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crosshead::data::{DataError, LineReader};
use crosshead::models::NotFollowed;

/// The name of standard input in messages.
const STANDARD_INPUT: &str = "standard input";

/// Lines of standard input that are answered together.
const LINES_AT_ONCE: usize = 512;

/// Lines that are read ahead of those being answered.
const LINES_AHEAD: usize = 2 * LINES_AT_ONCE;

/// How long nothing comes after a line when it is answered: a file or a program that writes without a pause gives more
/// lines within that time, so they are answered together.
const PAUSE: Duration = Duration::from_millis(5);

/// The longest that a line waits for others.
const PATIENCE: Duration = Duration::from_millis(50);

/// A line, or what is wrong with it.
type Line = Result<String, DataError>;

/// Whether the texts are the lines of standard input.
pub(super) fn are_lines(texts: &[String]) -> bool {
    texts == ["-"]
}

/// Shows the answer to each text in order with its number, from 1.
///
/// The only text `-` stands for the lines of standard input. What has arrived of them is answered together, and a line that
/// cannot be answered ends the command after the answers to the lines before it. `answer` is given texts, and the number of
/// the first.
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
        let goes_on = take_arrived(&lines, &mut chunk);
        match answer(&chunk, first) {
            Ok(answers) => show_all(&chunk, first, answers)?,
            // One of them is at fault; those before it have their answers.
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
        if !goes_on? {
            return Ok(());
        }
    }
}

/// All texts, where none can be answered before the last has come.
pub(super) fn all(texts: &[String]) -> Result<Vec<String>, DataError> {
    if are_lines(texts) {
        return LineReader::new(STANDARD_INPUT, io::stdin().lock()).collect();
    }
    Ok(texts.to_vec())
}

/// The lines of standard input, read by a thread of its own. It ends with the program.
fn read_in_background() -> Receiver<Line> {
    let (sender, receiver) = sync_channel(LINES_AHEAD);
    thread::spawn(move || {
        let mut lines = LineReader::new(STANDARD_INPUT, io::stdin().lock());
        // Nobody receives any more when the command has failed.
        lines.try_for_each(|line| sender.send(line))
    });
    receiver
}

/// Waits for a line, and takes those with it that come without a pause; whether there can be more.
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
