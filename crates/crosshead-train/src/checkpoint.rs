//! Checkpoints: everything needed to resume a run exactly, in one folder.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::Path;

use burn::tensor::TensorData;
use crosshead_files::write_atomic;
use crosshead_weights::{from_safetensors, to_safetensors};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Progress, TrainError};

const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";

/// The format of written checkpoints. Format 1 has neither a format number nor the hash of `state.json`.
const FORMAT: u64 = 2;

/// The state of a run.
#[derive(Debug, Default)]
pub struct Checkpoint {
    /// The progress of the run.
    pub progress: Progress,
    /// Weights by parameter path.
    pub weights: BTreeMap<String, TensorData>,
    /// Optimizer state by name.
    pub optimizer: BTreeMap<String, TensorData>,
}

/// `state.json`: the format, the progress, the hashes of the other files, and the hash of this file without that hash.
/// All formats hash this file in the same way, which distinguishes damage from a later format.
#[derive(Serialize, Deserialize)]
struct State {
    /// Absent in format 1.
    #[serde(default = "first_format")]
    format: u64,
    #[serde(flatten)]
    progress: Progress,
    sha256: BTreeMap<String, String>,
}

/// Writes a checkpoint to a folder.
pub(crate) fn write(dir: &Path, checkpoint: &Checkpoint) -> Result<(), TrainError> {
    let mut sha256 = BTreeMap::new();
    for (name, tensors) in [(WEIGHTS, &checkpoint.weights), (OPTIMIZER, &checkpoint.optimizer)] {
        let path = dir.join(name);
        let bytes = to_safetensors(&path, tensors)?;
        write_atomic(&path, &bytes).map_err(TrainError::io(&path))?;
        sha256.insert(name.to_owned(), hash(&bytes));
    }
    let path = dir.join(STATE);
    let wrong = |error| TrainError::checkpoint(&path, error);
    let state = State { format: FORMAT, progress: checkpoint.progress.clone(), sha256 };
    let mut state = serde_json::to_value(state).map_err(wrong)?;
    state["sha256"][STATE] = own_hash(&state).into();
    let text = format!("{state:#}");
    write_atomic(&path, text.as_bytes()).map_err(TrainError::io(&path))
}

/// Reads the checkpoint of this step from a folder.
///
/// # Errors
/// If a file is missing, truncated or does not match its hash, or the format is newer.
pub(crate) fn read(dir: &Path, step: u64) -> Result<Checkpoint, TrainError> {
    let State { progress, sha256, .. } = read_state(&dir.join(STATE))?;
    if progress.step != step {
        return Err(damaged(
            &dir.join(STATE),
            format!("it is the checkpoint of step {}", progress.step),
        ));
    }
    let read = |name: &str| {
        let path = dir.join(name);
        let bytes = fs::read(&path).map_err(TrainError::io(&path))?;
        if sha256.get(name) != Some(&hash(&bytes)) {
            return Err(damaged(&path, "its hash does not match"));
        }
        Ok(from_safetensors(&path, bytes)?)
    };
    let (weights, optimizer) = (read(WEIGHTS)?, read(OPTIMIZER)?);
    Ok(Checkpoint { progress, weights, optimizer })
}

/// Reads the progress of a checkpoint, without its tensors.
pub(crate) fn read_progress(dir: &Path) -> Result<Progress, TrainError> {
    read_state(&dir.join(STATE)).map(|state| state.progress)
}

fn read_state(path: &Path) -> Result<State, TrainError> {
    let text = fs::read_to_string(path).map_err(TrainError::io(path))?;
    let mut state: Value = serde_json::from_str(&text).map_err(|error| damaged(path, error))?;
    // Format 1 has no such hash.
    let hashes = state.get_mut("sha256").and_then(Value::as_object_mut);
    let expected = hashes.and_then(|hashes| hashes.shift_remove(STATE));
    if expected.is_some_and(|expected| expected != own_hash(&state)) {
        return Err(damaged(path, "its hash does not match"));
    }
    if let Some(found) = state["format"].as_u64().filter(|&found| found > FORMAT) {
        return Err(TrainError::NewerFormat { path: path.to_owned(), found, known: FORMAT });
    }
    let state: State = serde_json::from_value(state).map_err(|error| damaged(path, error))?;
    match state.sha256.keys().find(|name| ![WEIGHTS, OPTIMIZER].contains(&name.as_str())) {
        Some(name) => {
            Err(damaged(path, format!("it contains the hash of an unexpected file `{name}`")))
        }
        None => Ok(state),
    }
}

fn damaged(path: &Path, what: impl Display) -> TrainError {
    TrainError::checkpoint(path, format!("is damaged: {what}"))
}

fn first_format() -> u64 {
    1
}

/// The hash of `state.json` without this hash.
fn own_hash(state: &Value) -> String {
    hash(state.to_string().as_bytes())
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
