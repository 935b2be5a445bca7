//! The models on this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crosshead::ModelTask;
use crosshead::models::ModelDirectory;
use crosshead::recipes::TaskKind;
use crosshead_assets::models;

use super::{RUNS, cache};

/// A model on this machine.
pub(crate) struct Known {
    /// The name that `--model` takes.
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) path: PathBuf,
}

/// Where a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the binary.
    Embedded,
    /// In the folder with the runs.
    Run,
    /// In the cache of the Hugging Face Hub.
    Hub,
    /// A directory that was named.
    Directory,
}

/// What the files of a model say.
pub(crate) struct Facts {
    pub(crate) family: &'static str,
    pub(crate) task: TaskKind,
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "built in",
            Self::Run => "run",
            Self::Hub => "hub",
            Self::Directory => "directory",
        }
    }
}

impl Known {
    /// All models: embedded ones, runs in the current directory, and cached ones of the Hugging Face Hub.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub(crate) fn all() -> anyhow::Result<Vec<Self>> {
        let mut known = Vec::new();
        for model in models::all() {
            let (name, path) = (model.name().to_owned(), cache::unpack(model)?);
            known.push(Self { name, place: Place::Embedded, path });
        }
        known.extend(runs()?);
        known.extend(cached()?);
        Ok(known)
    }

    /// The family and the task.
    ///
    /// # Errors
    /// If the directory has no model that can be read.
    pub(crate) fn facts(&self) -> anyhow::Result<Facts> {
        let family = ModelDirectory::open(crosshead::model_files(&self.path, None)?.dir())?.family;
        Ok(Facts { family, task: TaskKind::of_model(ModelTask::of(&self.path)?) })
    }

    /// The size of its files in bytes; of a run, those of the model.
    pub(crate) fn size(&self) -> io::Result<u64> {
        let model = crosshead::model_directory(&self.path);
        size(model.as_deref().unwrap_or(&self.path))
    }
}

/// The runs that have a model.
fn runs() -> io::Result<Vec<Known>> {
    let entries = match fs::read_dir(RUNS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if crosshead::model_directory(&path).is_ok() {
            let name = path.display().to_string();
            runs.push(Known { name, place: Place::Run, path });
        }
    }
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(runs)
}

#[cfg(feature = "hub")]
fn cached() -> anyhow::Result<Vec<Known>> {
    let models = crosshead::hub::Hub::from_env()?.cached()?;
    let known = models.into_iter().map(|model| Known {
        name: model.id,
        place: Place::Hub,
        path: model.directory,
    });
    Ok(known.collect())
}

#[cfg(not(feature = "hub"))]
fn cached() -> anyhow::Result<Vec<Known>> {
    Ok(Vec::new())
}

/// The size of all files under a folder; links count as what they lead to.
fn size(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = fs::metadata(&path)?;
        total += if found.is_dir() { size(&path)? } else { found.len() };
    }
    Ok(total)
}
