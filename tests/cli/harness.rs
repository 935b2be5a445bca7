//! Runs the binary in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A recipe that trains in a second on `toy.tsv`.
pub(crate) const TINY: &str = r#"
task = "translate"

[data]
train = "toy.tsv"
valid = "toy.tsv"
test = "toy.tsv"

[tokenizer]
vocab_size = 60

[model]
preset = "tiny"
d_model = 32
d_ff = 64
n_encoder_layers = 1
n_decoder_layers = 1

[train]
steps = 12
batch_tokens = 300
peak = 3e-3
warmup = 4
validate_every = 6
select = "loss"
checkpoint_every = 4

[decode]
beams = 2
"#;

/// A folder with a toy corpus, in which commands run.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with `tiny.toml` and its training data.
    pub(crate) fn with_toy_corpus() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("tiny.toml", TINY);
        folder.write("toy.tsv", toy_corpus());
        folder
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A command of the binary that runs in the folder, with its own caches, no configuration file and no network.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosshead"));
        command.args(args).current_dir(&self.0).env_remove("CROSSHEAD_DEVICE").stdin(Stdio::null());
        command
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"));
        command
            .env_remove("HF_HUB_CACHE")
            .env("HF_HOME", self.path("home"))
            .env("HF_HUB_OFFLINE", "1");
        command
    }

    /// Runs the binary, asserts that it succeeds, and returns its standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?} failed:\n{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the binary, asserts that it fails with exit code 1 and a message, not a panic, and returns the message.
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        error_of(args, &self.command(args).output().unwrap())
    }

    /// Runs the binary, asserts that it succeeds, and returns its standard error.
    pub(crate) fn told(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?} failed:\n{}", stderr(&output));
        stderr(&output)
    }

    /// Trains the tiny recipe into `out`.
    pub(crate) fn train(&self, out: &str, more: &[&str]) -> String {
        self.ok(&[&["train", "tiny.toml", "--out", out], more].concat())
    }
}

/// Reads a JSON file.
pub(crate) fn json(path: &Path) -> serde_json::Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Sets keys of a JSON file.
pub(crate) fn set_json(path: &Path, keys: serde_json::Value) {
    let mut object = json(path);
    for (key, value) in keys.as_object().unwrap() {
        object[key] = value.clone();
    }
    fs::write(path, object.to_string()).unwrap();
}

/// The message of a command that is expected to fail.
pub(crate) fn error_of(args: &[&str], output: &Output) -> String {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{args:?} must fail with 1:\n{message}");
    assert!(message.contains("error: "), "{args:?}: {message}");
    assert!(!message.contains("panicked"), "{args:?}: {message}");
    message
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts that a message contains every part.
#[track_caller]
pub(crate) fn assert_names(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in:\n{message}");
    }
}

/// The relative paths of all files under a folder.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// 100 pairs of numbers written out in English and German.
fn toy_corpus() -> String {
    const ENGLISH: [&str; 10] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    const GERMAN: [&str; 10] =
        ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"];
    (0..100)
        .map(|n| {
            format!(
                "{} {}\t{} {}\n",
                ENGLISH[n / 10],
                ENGLISH[n % 10],
                GERMAN[n / 10],
                GERMAN[n % 10]
            )
        })
        .collect()
}
