//! `log.jsonl`: one JSON object per line.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crosshead_files::write_atomic;
use serde_json::Value;

use crate::TrainError;

/// The log of a run: one JSON object per line, each with the key `step`.
#[derive(Debug)]
pub struct RunLog {
    path: PathBuf,
    file: File,
}

impl RunLog {
    /// Opens a log and removes the lines for steps after `step`, so that the log of a resumed run equals that of an
    /// uninterrupted one.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn open(path: &Path, step: u64) -> Result<Self, TrainError> {
        let kept = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes)
                .lines()
                .filter(|line| is_before(line, step))
                .map(|line| format!("{line}\n"))
                .collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(TrainError::io(path)(error)),
        };
        write_atomic(path, kept.as_bytes()).map_err(TrainError::io(path))?;
        let file = OpenOptions::new().append(true).open(path).map_err(TrainError::io(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends one line.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&mut self, entry: &Value) -> Result<(), TrainError> {
        writeln!(self.file, "{entry}").map_err(TrainError::io(&self.path))
    }
}

/// Whether a line belongs to a step up to `step`; `false` for a line truncated by a crash.
fn is_before(line: &str, step: u64) -> bool {
    serde_json::from_str::<Value>(line)
        .is_ok_and(|entry| entry["step"].as_u64().is_some_and(|at| at <= step))
}
