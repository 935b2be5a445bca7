//! `modules.json`: the modules of a sentence encoder.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::{read, wrong};
use crate::{ModelError, SentenceStep};

/// The modules of a sentence encoder.
pub(super) struct Modules {
    /// The directory of the encoder.
    pub(super) transformer: PathBuf,
    /// The directory of the pooling.
    pub(super) pooling: PathBuf,
    /// The steps after pooling.
    pub(super) steps: Vec<Step>,
}

/// A step after pooling.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A dense layer, in its own directory.
    Dense(PathBuf),
    /// Division by the Euclidean norm.
    Normalize,
}

impl Step {
    /// The corresponding step of the model.
    pub(super) fn kind(&self) -> SentenceStep {
        match self {
            Self::Dense(_) => SentenceStep::Project,
            Self::Normalize => SentenceStep::Normalize,
        }
    }
}

/// An entry of `modules.json`.
#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(rename = "type")]
    class: String,
}

/// A supported class.
enum Kind {
    Transformer,
    Pooling,
    Dense,
    Normalize,
    /// Does nothing at inference.
    Dropout,
}

impl Entry {
    /// The kind of module. The Python modules of a class differ between versions.
    fn kind(&self) -> Option<Kind> {
        let class = self.class.strip_prefix("sentence_transformers.")?;
        match class.rsplit('.').next()? {
            "Transformer" => Some(Kind::Transformer),
            "Pooling" => Some(Kind::Pooling),
            "Dense" => Some(Kind::Dense),
            "Normalize" => Some(Kind::Normalize),
            "Dropout" => Some(Kind::Dropout),
            _ => None,
        }
    }
}

impl Modules {
    /// Reads `modules.json` at `path`. Module paths are relative to `root`.
    pub(super) fn open(root: &Path, path: &Path) -> Result<Self, ModelError> {
        let entries: Vec<Entry> = read(path)?;
        let (mut transformer, mut pooling, mut steps) = (None, None, Vec::new());
        for entry in &entries {
            let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
            if !Path::new(&entry.path).components().all(is_inside) {
                let reason = format!("`{}` is outside the model's directory", entry.path);
                return Err(wrong(path, "path", reason));
            }
            let misplaced = || {
                let reason = format!(
                    "{}: unexpected here; the order is one Transformer, one Pooling, then Dense and Normalize",
                    entry.class
                );
                Err(wrong(path, "type", reason))
            };
            let dir = root.join(&entry.path);
            match entry.kind() {
                Some(Kind::Transformer) if transformer.is_none() => transformer = Some(dir),
                Some(Kind::Pooling) if transformer.is_some() && pooling.is_none() => {
                    pooling = Some(dir);
                }
                Some(Kind::Dense) if pooling.is_some() => steps.push(Step::Dense(dir)),
                Some(Kind::Normalize) if pooling.is_some() => {
                    check_normalize(&dir.join("config.json"))?;
                    steps.push(Step::Normalize);
                }
                Some(Kind::Dropout) if pooling.is_some() => {}
                Some(_) => return misplaced(),
                None => {
                    let reason = format!(
                        "{}: only Transformer, Pooling, Dense, Normalize and Dropout of sentence-transformers are supported",
                        entry.class
                    );
                    return Err(wrong(path, "type", reason));
                }
            }
        }
        match (transformer, pooling) {
            (Some(transformer), Some(pooling)) => Ok(Self { transformer, pooling, steps }),
            (None, _) => Err(wrong(path, "type", "a Transformer module is missing")),
            (Some(_), None) => Err(wrong(path, "type", "a Pooling module is missing")),
        }
    }
}

/// The input and output features of a module, by name.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FeatureNames {
    module_input_name: Option<String>,
    module_output_name: Option<String>,
}

/// Checks that `Normalize` is applied to the vector of the text.
fn check_normalize(path: &Path) -> Result<(), ModelError> {
    let names: FeatureNames = if path.exists() { read(path)? } else { FeatureNames::default() };
    check_features(path, names.module_input_name.as_deref(), names.module_output_name.as_deref())
}

/// Checks that a module reads and writes the vector of the text.
pub(super) fn check_features(
    path: &Path,
    input: Option<&str>,
    output: Option<&str>,
) -> Result<(), ModelError> {
    for (key, name) in [("module_input_name", input), ("module_output_name", output)] {
        if let Some(name) = name.filter(|name| *name != "sentence_embedding") {
            return Err(wrong(path, key, format!("{name}: only sentence_embedding is supported")));
        }
    }
    Ok(())
}
