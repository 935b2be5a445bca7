//! Weights of single steps, which are averaged at the end of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use crosshead_files::write_atomic;
use crosshead_weights::{from_safetensors, to_safetensors};
use serde::{Deserialize, Serialize};

use crate::TrainError;

const EXTENSION: &str = "safetensors";

/// A step whose weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The step.
    pub step: u64,
    /// Its validation score, if it was validated.
    pub score: Option<f64>,
}

/// The weights of steps in a folder, each in a file named by its step.
#[derive(Clone, Debug)]
pub struct SnapshotStore {
    dir: PathBuf,
}

impl SnapshotStore {
    /// The weights in `dir`, which may not exist yet.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Writes the weights of a step atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(
        &self,
        step: u64,
        weights: &BTreeMap<String, TensorData>,
    ) -> Result<(), TrainError> {
        fs::create_dir_all(&self.dir).map_err(TrainError::io(&self.dir))?;
        let path = self.file(step);
        let bytes = to_safetensors(&path, weights)?;
        write_atomic(&path, &bytes).map_err(TrainError::io(&path))
    }

    /// Reads the weights of a step.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub fn load(&self, step: u64) -> Result<BTreeMap<String, TensorData>, TrainError> {
        let path = self.file(step);
        let bytes = fs::read(&path).map_err(TrainError::io(&path))?;
        Ok(from_safetensors(&path, bytes)?)
    }

    /// Deletes the weights of all other steps.
    ///
    /// # Errors
    /// If a file cannot be deleted.
    pub fn keep_only(&self, steps: &BTreeSet<u64>) -> Result<(), TrainError> {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_weights = path.extension().is_some_and(|extension| extension == EXTENSION);
            let step = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
            if is_weights && step.is_some_and(|step: u64| !steps.contains(&step)) {
                fs::remove_file(&path).map_err(TrainError::io(&path))?;
            }
        }
        Ok(())
    }

    fn file(&self, step: u64) -> PathBuf {
        self.dir.join(format!("{step}.{EXTENSION}"))
    }
}
