//! The texts of a command: from the command line, lines that are processed as they arrive, or a prompt.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use crosshead::Domain;
use crosshead::data::{DataError, LineReader};
use crosshead::models::NotFollowed;

use super::prompt::{self, Entry, Session};
use crate::args::{TextArgs, Texts};
use crate::output;

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

/// The number of texts that are far from what the model knows, and how many of them are named.
static FAR: AtomicUsize = AtomicUsize::new(0);
const FAR_NAMED: usize = 3;

/// A line, or the error that occurred while reading it.
type Line = Result<String, DataError>;

/// The texts of a command.
pub(super) enum Input<'a> {
    /// Those on the command line.
    Texts(&'a [String]),
    /// The lines of a file or of standard input.
    Lines(Source),
    /// Those typed at a prompt.
    Prompt,
}

/// Where lines come from.
pub(super) enum Source {
    StandardInput,
    /// A file and its name.
    File(File, String),
}

impl<'a> Input<'a> {
    /// The texts, if there are any; else the lines of a file or of standard input, where `-` is standard input. On a terminal,
    /// there is a prompt.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub(super) fn of(texts: &'a [String], file: Option<&Path>) -> anyhow::Result<Self> {
        let is_dash = texts == ["-"] || file == Some(Path::new("-"));
        if let Some(path) = file.filter(|_| !is_dash) {
            let name = path.display().to_string();
            let file = File::open(path).with_context(|| name.clone())?;
            return Ok(Self::Lines(Source::File(file, name)));
        }
        if !texts.is_empty() && !is_dash {
            return Ok(Self::Texts(texts));
        }
        if is_dash || !io::stdin().is_terminal() {
            return Ok(Self::Lines(Source::StandardInput));
        }
        if io::stdout().is_terminal() && io::stderr().is_terminal() {
            return Ok(Self::Prompt);
        }
        output::message("reading lines from the terminal; Ctrl-D ends them");
        Ok(Self::Lines(Source::StandardInput))
    }
}

impl Texts {
    /// The texts; their results go to the file that is named, if any.
    ///
    /// # Errors
    /// If a file cannot be opened.
    pub(super) fn open(&self) -> anyhow::Result<Input<'_>> {
        let TextArgs { texts, file, out } = &self.input;
        let input = Input::of(texts, file.as_deref())?;
        if let Some(out) = out {
            output::to_file(out)?;
        }
        Ok(input)
    }
}

impl Source {
    /// The name in messages.
    fn name(&self) -> String {
        match self {
            Self::StandardInput => STANDARD_INPUT.to_owned(),
            Self::File(_, name) => name.clone(),
        }
    }

    fn lines(self) -> LineReader<Box<dyn BufRead>> {
        let name = self.name();
        let reader: Box<dyn BufRead> = match self {
            Self::StandardInput => Box::new(io::stdin().lock()),
            Self::File(file, _) => Box::new(BufReader::new(file)),
        };
        LineReader::new(name, reader)
    }
}

/// Shows the answer to each text, in order, with its number, starting at 1.
///
/// The lines that have arrived are processed as one batch. If a line cannot be processed, the command shows the answers to the
/// lines before it and then ends with the error. The arguments of `answer` are the texts and the number of the first one.
pub(super) fn answer_each<T>(
    input: Input<'_>,
    mut answer: impl FnMut(&[String], usize) -> anyhow::Result<Vec<T>>,
    mut show: impl FnMut(usize, &str, T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut show_all = |texts: &[String], first: usize, answers: Vec<T>| {
        let mut numbered = (first..).zip(texts).zip(answers);
        numbered.try_for_each(|((number, text), answer)| show(number, text, answer))
    };
    let source = match input {
        Input::Texts(texts) => {
            let answers = answer(texts, 1)?;
            return show_all(texts, 1, answers);
        }
        Input::Lines(source) => source,
        Input::Prompt => {
            return prompt::run(&mut Session::without_options(), |entry| match entry {
                Entry::Text(text) => {
                    let texts = [text];
                    let answers = answer(&texts, 1)?;
                    show_all(&texts, 1, answers)
                }
                Entry::Changed(_) => Ok(()),
            });
        }
    };
    let name = source.name();
    let lines = read_in_background(source);
    let mut first = 1;
    loop {
        let mut chunk = Vec::new();
        let has_more = take_arrived(&lines, &mut chunk);
        match answer(&chunk, first) {
            Ok(answers) => show_all(&chunk, first, answers)?,
            // One at a time, so that the lines before the faulty one are processed.
            Err(_) => {
                for (number, line) in (first..).zip(chunk.chunks(1)) {
                    let answers = answer(line, number)
                        .map_err(|error| error.context(format!("{name}, line {number}")))?;
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
///
/// # Errors
/// If a line is not valid UTF-8.
pub(super) fn all(input: Input<'_>) -> Result<Vec<String>, DataError> {
    match input {
        Input::Texts(texts) => Ok(texts.to_vec()),
        Input::Lines(source) => source.lines().collect(),
        Input::Prompt => Source::StandardInput.lines().collect(),
    }
}

/// The lines of a source, read by a background thread that ends with the program.
fn read_in_background(source: Source) -> Receiver<Line> {
    let (sender, receiver) = sync_channel(LINES_AHEAD);
    thread::spawn(move || {
        // `send` fails once the command has failed.
        source.lines().try_for_each(|line| sender.send(line))
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
        output::message(format_args!(
            "warning: {what} {number} is longer than the model allows and was truncated"
        ));
    }
}

/// Warns that a text is far from what the model knows. Only the first few texts are named.
pub(super) fn warn_if_far(is_far: bool, domain: Option<&Domain>, number: usize, what: &str) {
    let Some(domain) = domain.filter(|_| is_far) else { return };
    match FAR.fetch_add(1, Ordering::Relaxed) {
        count if count < FAR_NAMED => output::message(format_args!(
            "warning: {what} {number} is far from what the model knows{}; choose another model with --model",
            known(domain)
        )),
        FAR_NAMED => output::message("warning: there are more such texts"),
        _ => {}
    }
}

/// What the model knows, in brackets.
pub(super) fn known(domain: &Domain) -> String {
    match domain.about.as_str() {
        "" => String::new(),
        about => format!(" ({about})"),
    }
}

/// Warns about unsupported options in the model's files that would affect the output.
pub(super) fn warn_of_not_followed(options: &[NotFollowed]) {
    for option in options {
        output::message(format_args!("warning: {option}"));
    }
}
