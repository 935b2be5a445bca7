//! `crosshead models`.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::{Context, bail};
use crosshead::Domain;
use serde_json::{Value, json};

use crate::args::{Models, ModelsAction, Remove, Show};
use crate::models::{Known, Place, locate};
use crate::output;

pub(crate) fn run(args: &Models) -> anyhow::Result<()> {
    match &args.action {
        None => list(args.json),
        Some(ModelsAction::Show(args)) => show(args),
        Some(ModelsAction::Remove(args)) => remove(args),
    }
}

fn list(as_json: bool) -> anyhow::Result<()> {
    let known = Known::all()?;
    if as_json {
        return known.iter().try_for_each(|model| output::line(facts(model)));
    }
    if known.is_empty() {
        output::message(
            "no models; train one with crosshead train, or fetch one with --model owner/name",
        );
        return Ok(());
    }
    let rows: Vec<[String; 5]> = known.iter().map(row).collect();
    let header = ["name", "size", "family", "task", "path"].map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3].map(width);
    for row in [&header].into_iter().chain(&rows) {
        let [name, size, family, task, path] = row;
        let [w0, w1, w2, w3] = widths;
        output::line(format_args!("{name:<w0$}  {size:>w1$}  {family:<w2$}  {task:<w3$}  {path}"))?;
    }
    Ok(())
}

/// A line of the list.
fn row(model: &Known) -> [String; 5] {
    let size = model.size().map_or_else(|_| "?".to_owned(), megabytes);
    let (family, task) = match model.facts() {
        Ok(facts) => (facts.family.to_owned(), facts.task.to_string()),
        Err(_) => ("?".to_owned(), "?".to_owned()),
    };
    let path = match model.place {
        Place::Embedded => model.place.name().to_owned(),
        Place::Run | Place::Hub | Place::Directory => model.path.display().to_string(),
    };
    [model.name.clone(), size, family, task, path]
}

fn show(args: &Show) -> anyhow::Result<()> {
    let model = match known(&args.name.to_string_lossy())? {
        Some(model) => model,
        None => {
            let (name, path) = (args.name.display().to_string(), locate(&args.name)?);
            Known { name, place: Place::Directory, path }
        }
    };
    // A model that is named must be readable.
    model.facts()?;
    let facts = facts(&model);
    if args.json {
        return output::line(facts);
    }
    for (key, value) in facts.as_object().into_iter().flatten() {
        let text = match (key.as_str(), value) {
            (_, Value::Null) => continue,
            ("bytes", value) => megabytes(value.as_u64().unwrap_or_default()),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        let key = if key == "bytes" { "size" } else { key.as_str() };
        output::line(format_args!("{key:<10}{text}"))?;
    }
    Ok(())
}

/// What is known of a model; null where its files cannot be read.
fn facts(model: &Known) -> Value {
    let facts = model.facts().ok();
    let files = crosshead::model_files(&model.path, None).ok();
    let domain = files.and_then(|files| Domain::from_dir(files.dir()).ok()).flatten();
    json!({
        "name": model.name,
        "place": model.place.name(),
        "bytes": model.size().ok(),
        "family": facts.as_ref().map(|facts| facts.family),
        "task": facts.as_ref().map(|facts| facts.task.name()),
        "about": domain.map(|domain| domain.about),
        "path": model.path,
    })
}

fn remove(args: &Remove) -> anyhow::Result<()> {
    let Some(model) = known(&args.name)? else {
        bail!("{}: no such model; `crosshead models` lists the names", args.name);
    };
    let what = match model.place {
        Place::Embedded => bail!("{} is built into the program", model.name),
        Place::Run => format!("the run {} with its checkpoints", model.path.display()),
        Place::Hub | Place::Directory => format!("{} from the cache", model.name),
    };
    if !args.yes && !confirm(&what)? {
        bail!("nothing was removed");
    }
    match model.place {
        Place::Hub => uncache(&model.name)?,
        Place::Embedded | Place::Run | Place::Directory => {
            let path = model.path.display().to_string();
            fs::remove_dir_all(&model.path).context(path)?;
        }
    }
    output::message(format_args!("removed {what}"));
    Ok(())
}

/// The model on this machine with a name, or with the path of its directory.
fn known(name: &str) -> anyhow::Result<Option<Known>> {
    let has_path = |model: &Known| {
        let paths = (model.path.canonicalize(), Path::new(name).canonicalize());
        matches!(paths, (Ok(own), Ok(other)) if own == other)
    };
    let mut all = Known::all()?.into_iter();
    Ok(all.find(|model| {
        let is_run = model.place == Place::Run && model.path.ends_with(name);
        model.name == name || is_run || has_path(model)
    }))
}

/// Asks on the terminal.
fn confirm(what: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("this would remove {what}; add --yes");
    }
    output::part(&format!("remove {what}? [y/N] "))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(feature = "hub")]
fn uncache(id: &str) -> anyhow::Result<()> {
    Ok(crosshead::hub::Hub::from_env()?.remove(id)?)
}

#[cfg(not(feature = "hub"))]
fn uncache(id: &str) -> anyhow::Result<()> {
    bail!("{id}: this build has no cache of the Hugging Face Hub")
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
