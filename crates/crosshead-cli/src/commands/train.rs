//! `crosshead train`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crosshead::Recipe;
use crosshead::recipes::{Host, Summary, train};
use serde_json::json;

use super::{recipes, report};
use crate::args::{Compute, Train};
use crate::embedded::Embedded;
use crate::progress::minutes;
use crate::terminal::{Terminal, stop_on_signals};
use crate::{device, output};

pub(crate) fn run(args: &Train, compute: &Compute) -> anyhow::Result<()> {
    let started = Instant::now();
    let (name, recipe) = load(args)?;
    let dir = args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(name));
    let device = device::open(compute.device)?;
    let mut terminal = Terminal::default();
    let host = Host { assets: &Embedded, events: &mut terminal, stop: stop_on_signals()? };
    let Some(summary) = train(&recipe, &dir, args.resume, &device, host)? else {
        output::message(format_args!(
            "stopped; resume with: crosshead train {} --resume",
            again(args)
        ));
        return Ok(());
    };
    show(&summary, started.elapsed(), args.json)
}

/// The name of the run and its recipe.
fn load(args: &Train) -> anyhow::Result<(String, Recipe)> {
    let init = args.init.iter().map(|dir| format!("init={}", toml_text(dir)));
    let sets: Vec<String> = args.set.iter().cloned().chain(init).collect();
    let path = Path::new(&args.recipe);
    if path.extension().is_some_and(|extension| extension == "toml") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok((name, Recipe::from_file(path, &sets)?));
    }
    let recipe = recipes::find(&args.recipe)?;
    Ok((recipe.name.to_owned(), Recipe::parse(recipe.name, recipe.text, &sets)?))
}

/// A path as a TOML string.
fn toml_text(path: &Path) -> String {
    json!(path.to_string_lossy()).to_string()
}

/// The arguments that resume this run.
fn again(args: &Train) -> String {
    let sets = args.set.iter().map(|set| format!(" --set '{set}'"));
    let init = args.init.iter().map(|dir| format!(" --init '{}'", dir.display()));
    let out = args.out.iter().map(|out| format!(" --out '{}'", out.display()));
    std::iter::once(args.recipe.clone()).chain(sets).chain(init).chain(out).collect()
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
