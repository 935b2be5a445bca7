//! Checkpoints: everything a run needs to go on as if it had never stopped.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{DType, TensorData};
use crosshead_data::BatchPosition;
use crosshead_weights::{read_text, write_atomic, write_directory};
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

/// `state.json`: the progress and the hash of each other file.
#[derive(Serialize, Deserialize)]
struct State {
    #[serde(flatten)]
    progress: Progress,
    sha256: BTreeMap<String, String>,
}

/// The checkpoints of a run, in one folder named by step each.
#[derive(Debug)]
pub struct CheckpointStore {
    dir: PathBuf,
}

impl CheckpointStore {
    /// The checkpoints under `dir`, which need not exist yet.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The steps there is a checkpoint of, in ascending order.
    pub fn steps(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut steps: Vec<u64> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        steps.sort_unstable();
        steps
    }

    /// Writes a checkpoint whole or not at all, then removes the older ones.
    ///
    /// # Errors
    /// If a file cannot be written; older checkpoints are then left.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        fs::create_dir_all(&self.dir).map_err(TrainError::io(&self.dir))?;
        let older = self.steps();
        write_directory(&self.dir.join(checkpoint.progress.step.to_string()), |dir| {
            fill(dir, checkpoint)
        })?;
        for step in older.into_iter().filter(|&step| step != checkpoint.progress.step) {
            let path = self.dir.join(step.to_string());
            fs::remove_dir_all(&path).map_err(TrainError::io(&path))?;
        }
        Ok(())
    }

    /// Reads the newest checkpoint, if there is one.
    ///
    /// # Errors
    /// If a file of it is missing, damaged or does not match its hash.
    pub fn load_latest(&self) -> Result<Option<Checkpoint>, TrainError> {
        let Some(step) = self.steps().pop() else { return Ok(None) };
        let dir = self.dir.join(step.to_string());
        let path = dir.join(STATE);
        let text = read_text(&path).map_err(TrainError::io(&path))?;
        let state: State =
            serde_json::from_str(&text).map_err(|error| TrainError::checkpoint(&path, error))?;
        let read = |name: &str| {
            let path = dir.join(name);
            let bytes = fs::read(&path).map_err(TrainError::io(&path))?;
            if state.sha256.get(name) != Some(&hash(&bytes)) {
                let reason = "is damaged (its hash differs); delete this checkpoint's folder to go on without it";
                return Err(TrainError::checkpoint(&path, reason));
            }
            tensors(&bytes).map_err(|reason| TrainError::checkpoint(&path, reason))
        };
        let (weights, optimizer) = (read(WEIGHTS)?, read(OPTIMIZER)?);
        Ok(Some(Checkpoint { progress: state.progress, weights, optimizer }))
    }
}

fn fill(dir: &Path, checkpoint: &Checkpoint) -> Result<(), TrainError> {
    let mut sha256 = BTreeMap::new();
    for (name, tensors) in [(WEIGHTS, &checkpoint.weights), (OPTIMIZER, &checkpoint.optimizer)] {
        let path = dir.join(name);
        let bytes = bytes(tensors).map_err(|reason| TrainError::checkpoint(&path, reason))?;
        write_atomic(&path, &bytes).map_err(TrainError::io(&path))?;
        sha256.insert(name.to_owned(), hash(&bytes));
    }
    let path = dir.join(STATE);
    let state = State { progress: checkpoint.progress.clone(), sha256 };
    let text = serde_json::to_string_pretty(&state)
        .map_err(|error| TrainError::checkpoint(&path, error))?;
    write_atomic(&path, text.as_bytes()).map_err(TrainError::io(&path))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(step: u64) -> Checkpoint {
        let data = |value: f32| TensorData::new(vec![value, -0.0, f32::MIN_POSITIVE], [3]);
        Checkpoint {
            progress: Progress {
                step,
                epoch: 2,
                batch: 7,
                best_score: Some(0.1),
                ..Progress::default()
            },
            weights: BTreeMap::from([("a.b".to_owned(), data(step as f32))]),
            optimizer: BTreeMap::from([("first.a.b".to_owned(), data(0.5))]),
        }
    }

    #[test]
    fn a_checkpoint_reads_back_bit_for_bit_and_replaces_the_older_one() {
        let root = tempfile::tempdir().unwrap();
        let store = CheckpointStore::new(root.path());
        store.save(&checkpoint(1)).unwrap();
        store.save(&checkpoint(20)).unwrap();
        let read = store.load_latest().unwrap().unwrap();
        assert_eq!(store.steps(), [20]);
        assert_eq!(read.progress, checkpoint(20).progress);
        assert_eq!(read.weights["a.b"].as_bytes(), checkpoint(20).weights["a.b"].as_bytes());
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        let store = CheckpointStore::new(root.path());
        store.save(&checkpoint(3)).unwrap();
        let path = root.path().join("3").join(WEIGHTS);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let message = store.load_latest().unwrap_err().to_string();
        assert!(message.contains(WEIGHTS) && message.contains("damaged"), "{message}");
    }
}
