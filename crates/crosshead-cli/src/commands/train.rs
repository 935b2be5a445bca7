//! `crosshead train`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::bail;
use crosshead::Recipe;
use crosshead::recipes::finetune::FromScratch;
use crosshead::recipes::{Host, Summary, train};
use serde_json::json;

use super::{recipes, report};
use crate::args::{Compute, Train};
use crate::embedded::Embedded;
use crate::models::{RUNS, locate};
use crate::progress::minutes;
use crate::terminal::{Terminal, stop_on_signals, stopped};
use crate::{device, output};

pub(crate) fn run(args: &Train, compute: &Compute) -> anyhow::Result<()> {
    let started = Instant::now();
    let Loaded { recipe, dir } = load(args)?;
    let device = device::open(compute.device)?;
    let mut terminal = Terminal::default();
    let host =
        Host { assets: &Embedded, events: &mut terminal, stop: stop_on_signals(again(args))? };
    let Some(summary) = train(&recipe, &dir, args.resume, &device, host)? else {
        stopped(&again(args));
        return Ok(());
    };
    show(&summary, started.elapsed(), args.json)
}

/// The recipe and the run directory.
struct Loaded {
    recipe: Recipe,
    dir: PathBuf,
}

fn load(args: &Train) -> anyhow::Result<Loaded> {
    let directory = |name: &str| args.out.clone().unwrap_or_else(|| Path::new(RUNS).join(name));
    let init = args.init.as_deref().map(locate).transpose()?;
    let init = init.iter().map(|dir| format!("init={}", toml_text(dir)));
    let sets: Vec<String> = args.set.iter().cloned().chain(init).collect();
    let (name, recipe) = match (&args.data, &args.recipe) {
        (Some(data), _) => {
            let names = [&args.from, &args.to].map(|code| code.clone().unwrap_or_default());
            let dir = directory(&names.join("-"));
            return Ok(Loaded { recipe: of_pairs(args, data, &dir, sets)?, dir });
        }
        (None, Some(name)) => {
            let path = Path::new(name);
            if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                (name, Recipe::from_file(path, &sets)?)
            } else {
                let recipe = recipes::find(name)?;
                (recipe.name.to_owned(), Recipe::parse(recipe.name, recipe.text, &sets)?)
            }
        }
        (None, None) => bail!("name a recipe, or a file of pairs with --data"),
    };
    Ok(Loaded { recipe, dir: directory(&name) })
}

/// The recipe for a file of pairs. A run that is resumed has its own.
fn of_pairs(args: &Train, data: &Path, dir: &Path, sets: Vec<String>) -> anyhow::Result<Recipe> {
    let path = dir.join("recipe.toml");
    if args.resume {
        return Ok(Recipe::from_file(&path, &sets)?);
    }
    if path.exists() {
        bail!(
            "{} has a run already; continue it with --resume, choose another --out, or delete it",
            dir.display()
        );
    }
    let from_scratch = FromScratch {
        data: data.to_owned(),
        dir: dir.to_owned(),
        source_lang: args.from.clone(),
        target_lang: args.to.clone(),
        sets,
    };
    let started = from_scratch.prepare()?;
    started.notes.iter().for_each(output::message);
    Ok(started.recipe)
}

/// A path as a TOML string.
fn toml_text(path: &Path) -> String {
    json!(path.to_string_lossy()).to_string()
}

/// The command that resumes this run.
fn again(args: &Train) -> String {
    let sets = args.set.iter().map(|set| format!(" --set '{set}'"));
    let init = args.init.iter().map(|dir| format!(" --init '{}'", dir.display()));
    let out = args.out.iter().map(|out| format!(" --out '{}'", out.display()));
    let data = args.data.iter().map(|data| format!("--data '{}'", data.display()));
    let codes = [(" --from", &args.from), (" --to", &args.to)];
    let codes =
        codes.into_iter().filter_map(|(key, code)| Some(format!("{key} {}", code.as_ref()?)));
    let recipe = args.recipe.iter().cloned();
    let given: String =
        recipe.chain(data).chain(codes).chain(sets).chain(init).chain(out).collect();
    format!("crosshead train {given} --resume")
}

fn show(summary: &Summary, elapsed: Duration, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::line(json!({
            "model": summary.model,
            "seconds": elapsed.as_secs_f64(),
            "train_seconds": summary.train_seconds,
            "test": summary.test,
        }));
    }
    if let Some(test) = &summary.test {
        report::samples(test)?;
        report::metrics("test ", test)?;
    }
    let training = Duration::from_secs_f64(summary.train_seconds);
    output::line(format_args!(
        "time {} total, {} in training steps",
        minutes(elapsed),
        minutes(training)
    ))?;
    output::line(format_args!("model {}", summary.model.display()))
}
