//! Trains a recipe and compares what comes out with the figures that the documentation gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::cargo;

/// The recorded figures.
const TABLE: &str = "docs/results.toml";

/// Arguments of `cargo xtask reproduce`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// An entry of docs/results.toml; without it, the entries are listed
    name: Option<String>,
    /// Further arguments for `crosshead train`, such as --init DIR
    #[arg(last = true)]
    args: Vec<String>,
}

/// What a run of a recipe gave.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// The recipe, where the entry has another name.
    recipe: Option<String>,
    /// What the run needs beside the recipe.
    needs: Option<String>,
    /// By the path of a number in the JSON that `crosshead train --json` prints.
    figures: BTreeMap<String, Figure>,
}

/// A recorded figure, and how far another run may be from it.
#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Figure {
    value: f64,
    within: f64,
}

/// Runs the entry's recipe in release mode and prints a row for each figure.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let text = fs::read_to_string(root.join(TABLE)).context(TABLE)?;
    let records: BTreeMap<String, Record> = toml::from_str(&text).context(TABLE)?;
    let Some(name) = &args.name else {
        for (name, record) in &records {
            println!("{name:<28}{}", record.needs.as_deref().unwrap_or_default());
        }
        return Ok(());
    };
    let record = records.get(name).with_context(|| {
        let names: Vec<&str> = records.keys().map(String::as_str).collect();
        format!("{TABLE} has no entry {name}; there are {}", names.join(", "))
    })?;
    let result = train(root, name, record.recipe.as_deref().unwrap_or(name), &args.args)?;
    let mut rows = Vec::new();
    for (path, figure) in &record.figures {
        let measured = number(&result, path)
            .with_context(|| format!("the run printed no number {path}: {result}"))?;
        rows.push(Row { path, figure: *figure, measured });
    }
    println!("{:<28} {:>10} {:>10} {:>9}", "figure", "measured", "recorded", "within");
    rows.iter().for_each(|row| println!("{row}"));
    ensure!(rows.iter().all(Row::agrees), "{name}: not all figures are those of {TABLE}");
    Ok(())
}

/// Trains from the start, and gives the object that the run prints at its end.
fn train(root: &Path, name: &str, recipe: &str, args: &[String]) -> Result<Value> {
    cargo::run(["build", "--release", "--package", "crosshead-cli"])?;
    let out = root.join("target/reproduce").join(name);
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("cannot delete {}", out.display()))?;
    }
    let output = Command::new(root.join("target/release/crosshead"))
        .args(["train", recipe, "--json", "--out"])
        .arg(&out)
        .args(args)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start crosshead")?;
    if !output.status.success() {
        bail!("crosshead train {recipe} failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().context("the run stopped before its end")?;
    Ok(serde_json::from_str(line)?)
}

/// The number at `a.b.c`.
fn number(result: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(result, |value, key| value.get(key))?.as_f64()
}

struct Row<'a> {
    path: &'a str,
    figure: Figure,
    measured: f64,
}

impl Row<'_> {
    fn agrees(&self) -> bool {
        (self.measured - self.figure.value).abs() <= self.figure.within
    }
}

impl std::fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, figure: Figure { value, within }, measured } = self;
        let verdict = if self.agrees() { "" } else { "  differs" };
        write!(f, "{path:<28} {measured:>10.4} {value:>10.4} {within:>9}{verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_documentation_can_be_read() {
        let text = fs::read_to_string(crate::root().join(TABLE)).unwrap();
        let records: BTreeMap<String, Record> = toml::from_str(&text).unwrap();
        for (name, record) in records {
            assert!(!record.figures.is_empty(), "{name} has no figure");
        }
    }

    #[test]
    fn a_figure_agrees_within_its_tolerance() {
        let result = serde_json::json!({"test": {"bleu": {"score": 24.4}}});
        let measured = number(&result, "test.bleu.score").unwrap();
        let row = |value| Row { path: "x", figure: Figure { value, within: 0.1 }, measured };
        assert!(row(24.35).agrees() && !row(24.2).agrees() && !row(24.6).agrees());
        assert_eq!(number(&result, "test.chrf.score"), None);
        assert_eq!(number(&result, "test.bleu"), None);
    }
}
