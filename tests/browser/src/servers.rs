//! The servers that the tests talk to.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use crate::fixtures::{crosshead, model, train_runs};
use crate::programs::Program;

/// The key of the server that requires one.
pub(crate) const KEY: &str = "a-key-for-the-tests";

/// Servers that run as long as the tests.
pub(crate) struct Servers {
    folder: TempDir,
    /// The address of a server with models for all tasks, and runs.
    pub(crate) all: String,
    _program: Program,
}

impl Servers {
    pub(crate) fn start() -> Result<Self> {
        let folder = train_runs()?;
        let mut arguments: Vec<OsString> = Vec::new();
        let models = [
            ("translate-en-de".to_owned(), PathBuf::from("translate-en-de")),
            ("old".to_owned(), model("run-0.1.0/run")),
            ("summaries".to_owned(), folder.path().join("runs/summaries")),
            ("labels".to_owned(), model("pipelines/three")),
            ("writer".to_owned(), model("generation/gpt2")),
            ("masks".to_owned(), model("pipelines/mask")),
            ("sentences".to_owned(), model("sentences-tiny")),
        ];
        for (name, path) in models {
            let mut named = OsString::from(format!("{name}="));
            named.push(path);
            arguments.extend(["--model".into(), named]);
        }
        arguments.extend(["--runs".into(), folder.path().join("runs").into()]);
        let (program, all) = start(arguments)?;
        Ok(Self { folder, all, _program: program })
    }

    /// A server with the built-in models only.
    pub(crate) fn embedded() -> Result<(Program, String)> {
        start(Vec::new())
    }

    /// A server that requires [`KEY`].
    pub(crate) fn with_key(&self) -> Result<(Program, String)> {
        let keys = self.folder.path().join("keys.txt");
        fs::write(&keys, format!("{KEY}\n"))?;
        start(vec!["--api-key-file".into(), keys.into()])
    }

    /// The log of the run that the page shows.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("runs/summaries/log.jsonl")
    }

    /// A file with a text for uploading.
    pub(crate) fn document(&self, text: &str) -> Result<PathBuf> {
        let path = self.folder.path().join("notes.txt");
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// Starts a server at a free port.
fn start(arguments: Vec<OsString>) -> Result<(Program, String)> {
    let mut command = Command::new(crosshead());
    command.args(["serve", "--port", "0"]).args(arguments);
    Program::start(&mut command, |line| line.starts_with("http://").then(|| line.trim().to_owned()))
}
