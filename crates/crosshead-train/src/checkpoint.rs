//! A checkpoint: everything a run needs to go on as if it had never stopped, in one folder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use burn::tensor::{DType, TensorData};
use crosshead_data::BatchPosition;
use crosshead_weights::write_atomic;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::TrainError;

const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// The epoch of the next batch.
    pub epoch: u64,
    /// The next batch within the epoch.
    pub batch: usize,
    /// Real tokens seen, as the task counts them.
    pub tokens: u64,
    /// Seconds spent in training steps.
    pub seconds: f64,
    /// The best validation score so far, where higher is better.
    pub best_score: Option<f64>,
    /// The step of the best score.
    pub best_step: Option<u64>,
}

impl Progress {
    /// Whether a validation score is the best so far; of equal scores the last is the best.
    pub fn is_best(&self, score: f64) -> bool {
        self.best_score.is_none_or(|best| best.is_nan() || score >= best)
    }

    /// The next batch.
    pub(crate) fn position(&self) -> BatchPosition {
        BatchPosition { epoch: self.epoch, batch: self.batch }
    }
}

/// The state of a run after a step.
#[derive(Debug, Default)]
pub struct Checkpoint {
    /// How far the run is.
    pub progress: Progress,
    /// Weights by parameter path.
    pub weights: BTreeMap<String, TensorData>,
    /// Optimizer state by name.
    pub optimizer: BTreeMap<String, TensorData>,
}

/// `state.json`: the progress, the hashes of the other files, and that of all this itself.
#[derive(Clone, Serialize, Deserialize)]
struct State {
    #[serde(flatten)]
    progress: Progress,
    sha256: BTreeMap<String, String>,
}

impl State {
    /// The hash of everything but itself.
    fn own_hash(&self) -> Result<String, serde_json::Error> {
        let mut others = self.clone();
        others.sha256.remove(STATE);
        serde_json::to_vec(&others).map(|bytes| hash(&bytes))
    }
}

/// Writes a checkpoint into a folder.
pub(crate) fn write(dir: &Path, checkpoint: &Checkpoint) -> Result<(), TrainError> {
    let mut state = State { progress: checkpoint.progress.clone(), sha256: BTreeMap::new() };
    for (name, tensors) in [(WEIGHTS, &checkpoint.weights), (OPTIMIZER, &checkpoint.optimizer)] {
        let path = dir.join(name);
        let bytes = bytes(tensors).map_err(|reason| TrainError::checkpoint(&path, reason))?;
        write_atomic(&path, &bytes).map_err(TrainError::io(&path))?;
        state.sha256.insert(name.to_owned(), hash(&bytes));
    }
    let path = dir.join(STATE);
    let wrong = |error| TrainError::checkpoint(&path, error);
    state.sha256.insert(STATE.to_owned(), state.own_hash().map_err(wrong)?);
    let text = serde_json::to_string_pretty(&state).map_err(wrong)?;
    write_atomic(&path, text.as_bytes()).map_err(TrainError::io(&path))
}

/// Reads the checkpoint of a folder, which is named by its step.
///
/// # Errors
/// If a file is missing, cut off or does not match its hash.
pub(crate) fn read(dir: &Path, step: u64) -> Result<Checkpoint, TrainError> {
    let path = dir.join(STATE);
    let damaged =
        |path: &Path, what: &str| TrainError::checkpoint(path, format!("is damaged: {what}"));
    let text = fs::read_to_string(&path).map_err(TrainError::io(&path))?;
    let state: State =
        serde_json::from_str(&text).map_err(|error| damaged(&path, &error.to_string()))?;
    if let Some(name) =
        state.sha256.keys().find(|name| ![WEIGHTS, OPTIMIZER, STATE].contains(&name.as_str()))
    {
        return Err(damaged(&path, &format!("it has the hash of a file `{name}`")));
    }
    // Checkpoints written before this file had a hash go without.
    let own = state.own_hash().map_err(|error| damaged(&path, &error.to_string()))?;
    if state.sha256.get(STATE).is_some_and(|expected| *expected != own) {
        return Err(damaged(&path, "its hash differs"));
    }
    if state.progress.step != step {
        return Err(damaged(&path, &format!("it is of step {}", state.progress.step)));
    }
    let read = |name: &str| {
        let path = dir.join(name);
        let bytes = fs::read(&path).map_err(TrainError::io(&path))?;
        if state.sha256.get(name) != Some(&hash(&bytes)) {
            return Err(damaged(&path, "its hash differs"));
        }
        tensors(&bytes).map_err(|reason| damaged(&path, &reason.to_string()))
    };
    let (weights, optimizer) = (read(WEIGHTS)?, read(OPTIMIZER)?);
    Ok(Checkpoint { progress: state.progress, weights, optimizer })
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(tensors: &BTreeMap<String, TensorData>) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let f32s: Vec<(&String, TensorData)> =
        tensors.iter().map(|(name, data)| (name, data.clone().convert_dtype(DType::F32))).collect();
    let views = f32s.iter().map(|(name, data)| {
        TensorView::new(Dtype::F32, data.shape().to_vec(), data.as_bytes())
            .map(|view| (name.as_str(), view))
    });
    serialize(views.collect::<Result<Vec<_>, _>>()?, None)
}

fn tensors(bytes: &[u8]) -> Result<BTreeMap<String, TensorData>, safetensors::SafeTensorError> {
    let file = SafeTensors::deserialize(bytes)?;
    let views: HashMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    let data = |view: &TensorView<'_>| {
        let values: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        TensorData::new(values, view.shape().to_vec())
    };
    Ok(views.iter().map(|(name, view)| (name.clone(), data(view))).collect())
}
