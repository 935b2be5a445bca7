//! The configuration file: defaults for the options of commands.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use crosshead::recipes::nearest_key;
use toml::de::{DeTable, DeValue};

/// The defaults in a configuration file.
#[derive(Default)]
pub(crate) struct Config {
    path: PathBuf,
    defaults: Vec<Setting>,
}

/// A default of an option.
pub(crate) struct Setting {
    /// The command, unless the option belongs to all.
    command: Option<String>,
    /// The id of the option.
    id: String,
    /// Its key in the file.
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Config {
    /// The path of the file: `crosshead/config.toml` in `$XDG_CONFIG_HOME` or `~/.config`.
    pub(crate) fn path() -> Option<PathBuf> {
        let set = env::var_os("XDG_CONFIG_HOME").filter(|value| !value.is_empty());
        let folder = set.map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".config")))?;
        Some(folder.join("crosshead").join("config.toml"))
    }

    /// Reads the file, whose keys are the options of `command`. If there is none, there are no defaults.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, or has an unknown key; the error names the nearest key.
    pub(crate) fn load(command: &clap::Command) -> anyhow::Result<Self> {
        let Some(path) = Self::path() else { return Ok(Self::default()) };
        let text = match fs::read_to_string(&path) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(Self::default());
            }
            text => text.with_context(|| path.display().to_string())?,
        };
        let known = settable(command);
        let reader = Reader { path: &path, text: &text, known, defaults: Vec::new() };
        let defaults = reader.read(command)?;
        Ok(Self { path, defaults })
    }

    /// The defaults, in the order of the file.
    pub(crate) fn settings(&self) -> &[Setting] {
        &self.defaults
    }

    /// The command line with the defaults.
    pub(crate) fn apply(&self, command: clap::Command) -> clap::Command {
        self.defaults.iter().fold(command, |command, default| {
            let set = |command: clap::Command| {
                command.mut_arg(&default.id, |arg| arg.default_value(default.value.clone()))
            };
            match &default.command {
                Some(name) => command.mut_subcommand(name, set),
                None => set(command),
            }
        })
    }

    /// The error for a value that is not valid.
    pub(crate) fn blame(&self, message: &str) -> anyhow::Error {
        anyhow!("{}: {message}", self.path.display())
    }
}

/// An option that a key can set.
struct Settable {
    command: Option<String>,
    id: String,
    key: String,
}

/// Reads the text of the file.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    known: Vec<Settable>,
    defaults: Vec<Setting>,
}

impl Reader<'_> {
    /// Reads all keys.
    fn read(mut self, command: &clap::Command) -> anyhow::Result<Vec<Setting>> {
        let text = self.text;
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.wrong(at, error.message())
        })?;
        for (name, value) in table.get_ref() {
            let (section, at) = (name.get_ref().as_ref(), name.span().start);
            let DeValue::Table(inner) = value.get_ref() else {
                self.add("", section, at, value.get_ref())?;
                continue;
            };
            if command.find_subcommand(section).is_none() {
                let commands = command.get_subcommands().map(clap::Command::get_name);
                let hint = hint(nearest_key(section, commands));
                return Err(self.wrong(at, &format!("`{section}` is not a command{hint}")));
            }
            for (name, value) in inner {
                let prefix = format!("{section}.");
                self.add(&prefix, name.get_ref().as_ref(), name.span().start, value.get_ref())?;
            }
        }
        Ok(self.defaults)
    }

    /// Adds the value of a key.
    fn add(
        &mut self,
        prefix: &str,
        name: &str,
        at: usize,
        value: &DeValue<'_>,
    ) -> anyhow::Result<()> {
        let key = format!("{prefix}{name}");
        let Some(option) = self.known.iter().find(|option| option.key == key) else {
            let hint = hint(nearest_key(&key, self.known.iter().map(|option| option.key.as_str())));
            return Err(self.wrong(at, &format!("unknown key `{key}`{hint}")));
        };
        let value = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Integer(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                return Err(self.wrong(at, &format!("`{key}` is a text or a decimal number")));
            }
        };
        let (command, id) = (option.command.clone(), option.id.clone());
        self.defaults.push(Setting { command, id, key, value });
        Ok(())
    }

    fn wrong(&self, at: usize, message: &str) -> anyhow::Error {
        let line = self.text[..at].matches('\n').count() + 1;
        anyhow!("{}: line {line}: {message}", self.path.display())
    }
}

/// The end of a message about an unknown key.
fn hint(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// The options that take a value: of all commands by their name, of one command after its name.
fn settable(command: &clap::Command) -> Vec<Settable> {
    let of = |owner: &clap::Command, name: Option<&str>| -> Vec<Settable> {
        let options = owner.get_arguments().filter(|arg| arg.get_action().takes_values());
        let options = options.filter_map(|arg| {
            let key = arg.get_long()?.replace('-', "_");
            let key = name.map_or(key.clone(), |name| format!("{name}.{key}"));
            Some(Settable { command: name.map(str::to_owned), id: arg.get_id().to_string(), key })
        });
        options.collect()
    };
    let of_commands = command.get_subcommands().flat_map(|inner| of(inner, Some(inner.get_name())));
    of(command, None).into_iter().chain(of_commands).collect()
}
