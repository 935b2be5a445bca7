//! The prompt of a terminal: line editing, a history, and options that change during the session.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::args::{Args, command, parse_after};
use crate::output;

/// What the user typed.
pub(super) enum Entry {
    /// A text.
    Text(String),
    /// An option: the arguments of the program with it.
    Changed(Box<Args>),
}

/// The options that can change during a session.
pub(super) struct Session {
    command: &'static str,
    options: &'static [&'static str],
    /// The options that have changed, as words of the command line.
    words: Vec<OsString>,
}

/// A line of the prompt.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Blank,
    Help,
    Quit,
    Option { name: &'a str, value: &'a str },
    Text(&'a str),
}

impl Session {
    /// A session of a command, with the long names of the options that can change.
    pub(super) fn new(command: &'static str, options: &'static [&'static str]) -> Self {
        Self { command, options, words: Vec::new() }
    }

    /// A session in which nothing changes.
    pub(super) fn without_options() -> Self {
        Self::new("", &[])
    }

    /// The arguments with an option, in words of the command line.
    fn with(&self, name: &str, value: &str) -> anyhow::Result<(Vec<OsString>, Args)> {
        if !self.options.contains(&name) {
            bail!("unknown command /{name}; /help lists the commands");
        }
        if value.is_empty() {
            bail!("/{name} needs a value");
        }
        let mut words = self.words.clone();
        words.push(format!("--{name}={value}").into());
        let args = parse_after(&words)?;
        Ok((words, args))
    }

    /// The commands, one per line.
    fn help(&self) -> String {
        let program = command();
        let found = program.find_subcommand(self.command);
        let args = || found.into_iter().flat_map(clap::Command::get_arguments);
        let options = self.options.iter().filter_map(|name| {
            let arg = args().find(|arg| arg.get_long() == Some(name))?;
            let value = arg.get_value_names().and_then(|names| names.first());
            let usage = format!("/{name} {}", value.map_or("", |value| value.as_str()));
            Some(format!("{usage:<24}{}\n", arg.get_help()?))
        });
        let fixed = [("/help", "This list"), ("/quit", "End the session, as does Ctrl-D")];
        let fixed = fixed.map(|(usage, meaning)| format!("{usage:<24}{meaning}\n"));
        options.chain(fixed).collect()
    }
}

/// Reads lines until the end of the session. An error of `on_entry` is shown, and the session goes on; an option that causes one
/// is not changed.
///
/// # Errors
/// If the terminal cannot be read.
pub(super) fn run(
    session: &mut Session,
    mut on_entry: impl FnMut(Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut editor = DefaultEditor::new()?;
    let history = history_file();
    if let Some(file) = history.as_deref().filter(|file| file.exists())
        && let Err(error) = editor.load_history(file)
    {
        output::message(format_args!(
            "warning: {}: the history cannot be read: {error}",
            file.display()
        ));
    }
    let ended = read_lines(session, &mut editor, &mut on_entry);
    if let Some(file) = &history
        && let Err(error) = save(&mut editor, file)
    {
        output::message(format_args!(
            "warning: {}: the history cannot be saved: {error}",
            file.display()
        ));
    }
    ended
}

/// The file with the history of all sessions: `crosshead/history` in `$XDG_STATE_HOME` or `~/.local/state`.
fn history_file() -> Option<PathBuf> {
    let set = env::var_os("XDG_STATE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let states = set.or_else(|| Some(env::home_dir()?.join(".local").join("state")))?;
    Some(states.join("crosshead").join("history"))
}

/// Appends the lines of this session to the file.
fn save(editor: &mut DefaultEditor, file: &Path) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(editor.append_history(file)?)
}

/// Reads lines until the end of the session.
fn read_lines(
    session: &mut Session,
    editor: &mut DefaultEditor,
    on_entry: &mut impl FnMut(Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    output::message("type a text; /help lists the commands, /quit or Ctrl-D ends");
    loop {
        let line = match editor.readline("> ") {
            Ok(line) => line,
            // Ctrl-C discards the line.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(anyhow!("the terminal cannot be read: {error}")),
        };
        let done = match parse(&line) {
            Line::Blank => continue,
            Line::Quit => return Ok(()),
            Line::Help => output::part(&session.help()),
            Line::Option { name, value } => session.with(name, value).and_then(|(words, args)| {
                on_entry(Entry::Changed(Box::new(args)))?;
                session.words = words;
                Ok(())
            }),
            Line::Text(text) => on_entry(Entry::Text(text.to_owned())),
        };
        if let Err(error) = done {
            output::error(&error);
        }
        editor.add_history_entry(&line)?;
    }
}

/// Reads a line. A command is a slash and a name in lowercase letters; anything else is a text.
fn parse(line: &str) -> Line<'_> {
    let line = line.trim();
    if line.is_empty() {
        return Line::Blank;
    }
    let Some(command) = line.strip_prefix('/') else { return Line::Text(line) };
    let (name, value) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    match name {
        "quit" | "exit" | "bye" => Line::Quit,
        "help" => Line::Help,
        name if is_name => Line::Option { name, value: value.trim() },
        _ => Line::Text(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_begin_with_a_slash_and_a_name() {
        for (line, expected) in [
            ("  ", Line::Blank),
            ("/help", Line::Help),
            (" /quit ", Line::Quit),
            ("/beams 4", Line::Option { name: "beams", value: "4" }),
            ("/to  fr_XX ", Line::Option { name: "to", value: "fr_XX" }),
            ("/system Answer briefly.", Line::Option { name: "system", value: "Answer briefly." }),
            ("/beams", Line::Option { name: "beams", value: "" }),
            ("/etc/passwd is missing", Line::Text("/etc/passwd is missing")),
            ("/ alone", Line::Text("/ alone")),
            (" Good morning. ", Line::Text("Good morning.")),
        ] {
            assert_eq!(parse(line), expected, "{line}");
        }
    }

    #[test]
    fn help_explains_the_options_that_can_change() {
        let help = Session::new("translate", &["beams", "to"]).help();
        let starts: Vec<&str> =
            help.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(starts, ["/beams", "/to", "/help", "/quit"], "{help}");
        assert!(help.lines().all(|line| line.split_whitespace().count() > 2), "{help}");
    }

    #[test]
    fn unknown_options_and_missing_values_are_errors() {
        let session = Session::new("translate", &["beams"]);
        let message = |name, value| session.with(name, value).map(drop).unwrap_err().to_string();
        assert!(message("model", "x").contains("/help"));
        assert!(message("beams", "").contains("needs a value"));
    }
}
