//! From words to arguments, with the defaults of the configuration file.

use std::ffi::{OsStr, OsString};
use std::sync::{Mutex, PoisonError};

use clap::{CommandFactory, FromArgMatches};

use super::Args;
use crate::config::Config;

/// The flag that turns the configuration file off.
const NO_CONFIG: &str = "--no-config";

/// The words of the command that runs.
static WORDS: Mutex<Vec<OsString>> = Mutex::new(Vec::new());

/// The arguments of the program. A command line that is not valid ends it, as does `--help`.
///
/// # Errors
/// If the configuration file is malformed.
pub(crate) fn parse() -> anyhow::Result<Args> {
    parse_words(&std::env::args_os().collect::<Vec<_>>())
}

/// Like [`parse`], of these words.
///
/// # Errors
/// If the configuration file is malformed.
pub(crate) fn parse_words(words: &[OsString]) -> anyhow::Result<Args> {
    words.clone_into(&mut WORDS.lock().unwrap_or_else(PoisonError::into_inner));
    let config = config(words)?;
    match try_parse(command(), &config, words) {
        Ok(args) => Ok(args),
        Err(error)
            if error.use_stderr() && try_parse(command(), &Config::default(), words).is_ok() =>
        {
            // The message is clap's, which names the option.
            let message = error.to_string();
            let line = message.lines().next().unwrap_or_default().to_owned();
            Err(config.blame(line.trim_start_matches("error: ")))
        }
        Err(error) => error.exit(),
    }
}

/// The arguments of the command that runs, and these after them. Of an option that is given twice, the last value counts.
///
/// # Errors
/// If they are not valid. The message is one line.
pub(crate) fn parse_after(more: &[OsString]) -> anyhow::Result<Args> {
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    words.extend(more.iter().cloned());
    let command = command().args_override_self(true);
    try_parse(command, &config(&words)?, &words).map_err(|error| {
        let message = error.to_string();
        let line = message.lines().next().unwrap_or_default();
        anyhow::anyhow!("{}", line.trim_start_matches("error: "))
    })
}

/// The command line without the defaults of the configuration file.
pub(crate) fn command() -> clap::Command {
    Args::command()
}

fn config(words: &[OsString]) -> anyhow::Result<Config> {
    let options = words.iter().take_while(|word| word.as_os_str() != OsStr::new("--"));
    let is_off = options.into_iter().any(|word| word.as_os_str() == OsStr::new(NO_CONFIG));
    if is_off { Ok(Config::default()) } else { Config::load(&command()) }
}

fn try_parse(
    command: clap::Command,
    config: &Config,
    words: &[OsString],
) -> Result<Args, clap::Error> {
    let matches = config.apply(command).try_get_matches_from(words)?;
    Args::from_arg_matches(&matches)
}
