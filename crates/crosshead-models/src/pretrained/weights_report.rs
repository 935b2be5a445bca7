//! Which tensors in a model directory are loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The tensors of a model directory compared with the parameters of its model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeightsReport {
    /// The weight files.
    pub files: Vec<PathBuf>,
    /// The size of all tensors in bytes.
    pub bytes: u64,
    /// The number of tensors of each dtype.
    pub dtypes: BTreeMap<String, usize>,
    /// Tensors that are loaded.
    pub loaded: BTreeSet<String>,
    /// Tensors that are not needed: computed tables and the heads of other tasks.
    pub ignored: Vec<String>,
    /// Tensors that the model does not have; they cause an error.
    pub unexpected: Vec<String>,
    /// Tensors that the model needs but the files do not have; they cause an error.
    pub missing: Vec<String>,
    /// Tensors with the wrong shape, with the reason; they cause an error.
    pub wrong: BTreeMap<String, String>,
}

impl WeightsReport {
    /// Whether the names and shapes of all tensors match the model.
    pub fn is_sound(&self) -> bool {
        self.unexpected.is_empty() && self.missing.is_empty() && self.wrong.is_empty()
    }
}
