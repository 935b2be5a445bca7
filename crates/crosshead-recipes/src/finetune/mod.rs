//! Training with defaults: the recipe for a data file and a pretrained model, or for pairs without one.
//!
//! The task follows from the model's head and the form of the data, the columns from the data. A part of the data is held
//! out for validation and another one for the test.

mod columns;
mod recipe;
mod scratch;
mod split;
mod task;

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_models::ModelFiles;
use crosshead_tasks::model_files;

pub use scratch::{FromScratch, Started};

use crate::{Recipe, RunError, TaskKind};

/// What is fine-tuned, and how.
#[derive(Clone, Debug)]
pub struct FineTuning {
    /// The pretrained model: a model directory or a run directory.
    pub model: PathBuf,
    /// The data.
    pub data: PathBuf,
    /// The run directory. The parts of the data are in its folder `data`.
    pub dir: PathBuf,
    /// The task, if it is not that of the model and the data.
    pub task: Option<TaskKind>,
    /// What is trained.
    pub method: Method,
    /// Whether a classifier keeps its head.
    pub head: HeadChoice,
    /// Passes over the training data.
    pub epochs: usize,
    /// The language of the sources, in the model's code.
    pub source_lang: Option<String>,
    /// The language of the targets, in the model's code.
    pub target_lang: Option<String>,
    /// Values of recipe keys, `section.key=value`.
    pub sets: Vec<String>,
}

/// The parameters that are trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// An adapter (LoRA).
    Lora,
    /// All.
    Full,
    /// All but those whose names match one of these patterns.
    Freeze(Vec<String>),
}

/// Whether a classifier keeps its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadChoice {
    /// The labels of the data must be labels of the model.
    OfModel,
    /// A new head is trained on the labels of the data.
    New,
}

/// A fine-tuning run that can start.
#[derive(Debug)]
pub struct Prepared {
    /// The recipe.
    pub recipe: Recipe,
    /// The files of the pretrained model.
    pub model: ModelFiles,
    /// The held-out file for the test.
    pub test: PathBuf,
    /// Whether the pretrained model can be evaluated before: it has the head of the task.
    pub has_head: bool,
    /// What was found and decided, for the user.
    pub notes: Vec<String>,
}

/// The folder in the run directory with the parts of the data.
const FOLDER: &str = "data";

/// Splits the data and makes the recipe. The parts are written to the run directory.
///
/// # Errors
/// If the model cannot be fine-tuned on the data: a wrong form or number of columns, a label or language that the model does
/// not know, too little data. The error says what to do.
pub fn prepare(tuning: &FineTuning) -> Result<Prepared, RunError> {
    let model = model_files(&tuning.model, None)?;
    let plan = task::Plan::of(tuning, &model)?;
    let folder = tuning.dir.join(FOLDER);
    fs::create_dir_all(&folder).map_err(RunError::io(&folder))?;
    let parts = plan.data.split(&tuning.data, &folder)?;
    let recipe = recipe::build(tuning, &plan, &model, &parts)?;
    let mut notes = plan.notes;
    notes.push(parts.note(&plan.data, &folder));
    let has_head = plan.has_head;
    Ok(Prepared { recipe, model, test: parts.test, has_head, notes })
}

/// The run that [`prepare`] made before: its recipe, and the parts of its data.
///
/// # Errors
/// If the directory has no such run.
pub fn resume(tuning: &FineTuning) -> Result<Prepared, RunError> {
    let path = tuning.dir.join("recipe.toml");
    if !path.is_file() {
        let reason = "has no run to resume; start one without --resume".to_owned();
        return Err(RunError::Run { dir: tuning.dir.clone(), reason });
    }
    let recipe = Recipe::from_file(&path, &tuning.sets)?;
    let init = recipe.init().map_or(tuning.model.as_path(), Path::new);
    let model = model_files(init, None)?;
    let folder = tuning.dir.join(FOLDER);
    let part = fs::read_dir(&folder).ok().and_then(|entries| {
        let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths.find(|path| path.file_stem().is_some_and(|stem| stem == "test"))
    });
    let Some(test) = part else {
        let reason = "is not a run of finetune; resume it with crosshead train".to_owned();
        return Err(RunError::Run { dir: tuning.dir.clone(), reason });
    };
    Ok(Prepared { recipe, model, test, has_head: false, notes: Vec::new() })
}
