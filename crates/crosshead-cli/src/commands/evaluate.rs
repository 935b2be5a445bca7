//! `crosshead evaluate`.

use std::path::Path;

use anyhow::Context;
use crosshead::ModelTask;
use crosshead::recipes::{Compute as On, Recipe, TaskKind, evaluate};

use super::quantize::compute_type;
use super::{report, write};
use crate::args::{Compute, Evaluate, Loops, Results};
use crate::embedded::Embedded;
use crate::terminal::Terminal;
use crate::{device, models, output};

pub(crate) fn run(args: &Evaluate, compute: &Compute) -> anyhow::Result<()> {
    let name = args.model.model.as_deref().context(
        "name a model with --model: a directory, a run, or owner/name on the Hugging Face Hub",
    )?;
    let model = models::locate(name)?;
    let recipe = recipe(args, &model)?;
    if let (false, Some(option)) = (matches!(recipe, Recipe::TextToText(_)), args.search.given()) {
        anyhow::bail!(
            "{option} applies only to translation and summarization, but the task is {}",
            recipe.task()
        );
    }
    let device = device::open(compute.device)?;
    let mut terminal = Terminal::default();
    let prepare = |writer| write::prepare(writer, &args.search, &Results::BEST, Loops::Left);
    let compute_type = compute_type(&model, &args.precision, &device)?;
    let files = crosshead::model_files(&model, args.model.adapter.as_deref())?;
    let on = On { device: &device, compute_type };
    let found = evaluate(&recipe, &files, &args.data, prepare, on, &Embedded, &mut terminal)?;
    if args.json {
        output::line(serde_json::to_string(&found)?)
    } else {
        report::metrics("", &found)
    }
}

/// The recipe with the `[data]` section used to read the file: the run's, or one with defaults.
fn recipe(args: &Evaluate, model: &Path) -> anyhow::Result<Recipe> {
    let path = model.join("recipe.toml");
    if path.is_file() {
        let recipe = Recipe::from_file(&path, &args.set)?;
        if args.task.is_none_or(|task| task == recipe.task()) {
            return Ok(recipe);
        }
    }
    let task = match args.task {
        Some(task) => task,
        None => TaskKind::of_model(ModelTask::of(model)?),
    };
    let text = format!("task = \"{task}\"\n[data]\ntrain = \"\"\nvalid = \"\"\n");
    Ok(Recipe::parse("--set", &text, &args.set)?)
}
