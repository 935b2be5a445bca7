//! Where models are: directories, runs, the binary, and the Hugging Face Hub.

mod cache;
#[cfg(feature = "hub")]
mod hub;
mod known;
mod suggest;

use std::path::{Path, PathBuf};

use anyhow::bail;
use crosshead::ModelTask;
use crosshead::tasks::TaskError;
use crosshead_assets::models;

use crate::args::ModelArgs;
use crate::output;

pub(crate) use cache::directory as cache_directory;
#[cfg(feature = "hub")]
pub(crate) use hub::fetch;
pub(crate) use known::{Known, Place};
pub(crate) use suggest::command as command_of;

/// The folder with the runs.
pub(crate) const RUNS: &str = "runs";

/// The directory of the model that a command for a task names; without a name, of the embedded model of the task.
///
/// # Errors
/// If no model is named and there is no embedded one, or the model cannot be found.
pub(crate) fn find(args: &ModelArgs, task: ModelTask) -> anyhow::Result<PathBuf> {
    let found = match &args.model {
        Some(name) => locate(name)?,
        None => match suggest::embedded(task).and_then(models::find) {
            Some(model) => cache::unpack(model)?,
            None => bail!("{}", suggest::message(task)),
        },
    };
    output::detail(format_args!("model {}", found.display()));
    Ok(found)
}

/// The directory of a model: the path if it exists, or else the run, the embedded model or the model of the Hugging Face Hub
/// with this name. The last is fetched unless it is in the cache.
///
/// # Errors
/// If there is no such model, or it cannot be fetched.
pub(crate) fn locate(name: &Path) -> anyhow::Result<PathBuf> {
    if name.exists() {
        return Ok(name.to_owned());
    }
    let run = Path::new(RUNS).join(name);
    let is_plain = name.components().count() == 1;
    if is_plain && run.is_dir() {
        return Ok(run);
    }
    if let Some(model) = name.to_str().and_then(models::find) {
        return cache::unpack(model);
    }
    match crosshead::model_directory(name) {
        Ok(_) => Ok(name.to_owned()),
        Err(TaskError::HubId(id)) => from_hub(&id),
        Err(_) if is_plain => bail!(
            "{0}: no such directory, run or model. A model of the Hugging Face Hub is owner/name; `crosshead models` lists the \
             models on this machine",
            name.display()
        ),
        Err(error) => Err(error.into()),
    }
}

#[cfg(feature = "hub")]
fn from_hub(id: &str) -> anyhow::Result<PathBuf> {
    hub::find_or_fetch(id)
}

#[cfg(not(feature = "hub"))]
fn from_hub(id: &str) -> anyhow::Result<PathBuf> {
    bail!(
        "{id}: no such directory; this build cannot fetch models from the Hugging Face Hub, build it with `--features hub`"
    )
}
