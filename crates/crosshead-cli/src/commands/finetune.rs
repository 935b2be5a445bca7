//! `crosshead finetune`.

use std::fs;
use std::path::Path;

use anyhow::Context;
use burn::tensor::Device;
use crosshead::models::ModelFiles;
use crosshead::recipes::finetune::{FineTuning, HeadChoice, Method, Prepared, prepare, resume};
use crosshead::recipes::{Compute as On, Host, evaluate, train};
use crosshead::tasks::TaskError;
use crosshead::{ComputeType, Recipe, Report, TextToText, model_files};
use serde_json::{Value, json};

use crate::args::{Compute, Finetune};
use crate::embedded::Embedded;
use crate::models::locate;
use crate::terminal::{Terminal, stop_on_signals, stopped};
use crate::{device, output};

/// The file in the run directory with the metrics of the pretrained model.
const BEFORE: &str = "before.json";

pub(crate) fn run(args: &Finetune, compute: &Compute) -> anyhow::Result<()> {
    let device = device::open(compute.device)?;
    let tuning = tuning(args)?;
    let stop = stop_on_signals(again(args))?;
    let prepared = if args.resume { resume(&tuning)? } else { start(args, &tuning)? };
    prepared.notes.iter().for_each(output::message);
    let mut terminal = Terminal::default();
    let path = args.out.join(BEFORE);
    let before = if args.resume {
        let text = fs::read_to_string(&path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    } else {
        let before = match prepared.has_head {
            true => measure(args, &prepared, &prepared.model, &device, &mut terminal)?,
            false => Value::Null,
        };
        fs::write(&path, before.to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        before
    };
    let host = Host { assets: &Embedded, events: &mut terminal, stop };
    let Some(summary) = train(&prepared.recipe, &args.out, args.resume, &device, host)? else {
        stopped(&again(args));
        return Ok(());
    };
    let tuned = model_files(&args.out, None)?;
    let after = measure(args, &prepared, &tuned, &device, &mut terminal)?;
    if args.json {
        return output::line(json!({
            "model": summary.model,
            "train_seconds": summary.train_seconds,
            "before": before,
            "after": after,
        }));
    }
    show(&before, &after)?;
    output::line(format_args!("model {}", summary.model.display()))
}

/// Prepares a new run.
fn start(args: &Finetune, tuning: &FineTuning) -> anyhow::Result<Prepared> {
    if args.out.join("recipe.toml").exists() {
        anyhow::bail!(
            "{} has a run already; continue it with --resume, choose another --out, or delete it",
            args.out.display()
        );
    }
    Ok(prepare(tuning)?)
}

fn tuning(args: &Finetune) -> anyhow::Result<FineTuning> {
    let method = match (args.full, args.freeze.as_slice()) {
        (true, _) => Method::Full,
        (false, []) => Method::Lora,
        (false, patterns) => Method::Freeze(patterns.to_vec()),
    };
    Ok(FineTuning {
        model: locate(&args.model)?,
        data: args.data.clone(),
        dir: args.out.clone(),
        task: args.task,
        method,
        head: if args.new_head { HeadChoice::New } else { HeadChoice::OfModel },
        epochs: args.epochs.into(),
        source_lang: args.from.clone(),
        target_lang: args.to.clone(),
        sets: args.set.clone(),
    })
}

/// The metrics of a model on the held-out part and on the other file.
fn measure(
    args: &Finetune,
    prepared: &Prepared,
    model: &ModelFiles,
    device: &Device,
    terminal: &mut Terminal,
) -> anyhow::Result<Value> {
    let mut on = |file: &Path| -> anyhow::Result<Report> {
        let compute = On { device, compute_type: ComputeType::Auto };
        let prepare = |writer| as_recipe(writer, &prepared.recipe);
        let file = file.to_string_lossy();
        Ok(evaluate(&prepared.recipe, model, &file, prepare, compute, &Embedded, terminal)?)
    };
    let held_out = on(&prepared.test)?;
    let also = args.also.as_deref().map(on).transpose()?;
    Ok(json!({ "held_out": held_out, "also": also }))
}

/// The model with the languages and the prefix of the recipe.
fn as_recipe(writer: TextToText, recipe: &Recipe) -> Result<TextToText, TaskError> {
    let Recipe::TextToText(recipe) = recipe else { return Ok(writer) };
    let writer = match &recipe.data.prefix {
        Some(prefix) => writer.with_prefix(prefix),
        None => writer,
    };
    match (&recipe.data.source_lang, &recipe.data.target_lang) {
        (None, None) => Ok(writer),
        (source, target) => writer.with_languages(source.as_deref(), target.as_deref()),
    }
}

/// Prints each metric before and after.
fn show(before: &Value, after: &Value) -> anyhow::Result<()> {
    output::line(format_args!("{:<28}{:>10}{:>10}", "", "before", "after"))?;
    for (part, title) in [("held_out", "held out"), ("also", "other file")] {
        let Some(metrics) = after[part].as_object() else { continue };
        for (key, metric) in metrics {
            let Some(score) = metric["score"].as_f64() else { continue };
            let name = format!("{title}: {}", metric["name"].as_str().unwrap_or(key));
            let old = before[part][key]["score"].as_f64();
            let old = old.map_or("new head".to_owned(), |old| format!("{old:.2}"));
            output::line(format_args!("{name:<28}{old:>10}{score:>10.2}"))?;
        }
    }
    Ok(())
}

/// The command that resumes this run.
fn again(args: &Finetune) -> String {
    let quoted = |path: &Path| format!("'{}'", path.display());
    let mut command = format!(
        "crosshead finetune --model {} --data {} --out {}",
        quoted(&args.model),
        quoted(&args.data),
        quoted(&args.out)
    );
    if let Some(also) = &args.also {
        command.push_str(&format!(" --also {}", quoted(also)));
    }
    args.set.iter().for_each(|set| command.push_str(&format!(" --set '{set}'")));
    command + " --resume"
}
