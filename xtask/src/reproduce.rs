//! Trains a recipe and compares its metrics with the documented ones: `cargo xtask reproduce`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::cargo;

/// The recorded results.
const TABLE: &str = "docs/results.toml";

/// Arguments of `cargo xtask reproduce`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// An entry of docs/results.toml [default: list the entries]
    name: Option<String>,
    /// More arguments for `crosshead train`, such as --init DIR
    #[arg(last = true)]
    args: Vec<String>,
}

/// The recorded results of a recipe.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// The recipe, if its name differs from that of the entry.
    recipe: Option<String>,
    /// What the run needs in addition to the recipe.
    needs: Option<String>,
    /// Metrics by their path in the JSON of `crosshead train --json`.
    #[serde(rename = "figures")]
    metrics: BTreeMap<String, Metric>,
}

/// A recorded metric and its tolerance.
#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Metric {
    value: f64,
    within: f64,
}

/// Runs the entry's recipe in release mode and prints a row for each metric.
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
        format!("{TABLE} has no entry {name}; available: {}", names.join(", "))
    })?;
    let result = train(root, name, record.recipe.as_deref().unwrap_or(name), &args.args)?;
    let mut rows = Vec::new();
    for (path, metric) in &record.metrics {
        let measured = number(&result, path)
            .with_context(|| format!("the run printed no number {path}: {result}"))?;
        rows.push(Row { path, metric: *metric, measured });
    }
    println!("{:<28} {:>10} {:>10} {:>9}", "metric", "measured", "recorded", "within");
    rows.iter().for_each(|row| println!("{row}"));
    ensure!(rows.iter().all(Row::agrees), "{name}: some metrics differ from {TABLE}");
    Ok(())
}

/// Trains from scratch and returns the JSON object printed at the end.
fn train(root: &Path, name: &str, recipe: &str, args: &[String]) -> Result<Value> {
    cargo::run(["build", "--release", "--package", "crosshead-cli"])?;
    let out = root.join("target/reproduce").join(name);
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("cannot delete {}", out.display()))?;
    }
    let output = Command::new(root.join("target/release/crosshead"))
        .args(["train", recipe, "--no-config", "--json", "--out"])
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

/// The number at a path such as `a.b.c`.
fn number(result: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(result, |value, key| value.get(key))?.as_f64()
}

struct Row<'a> {
    path: &'a str,
    metric: Metric,
    measured: f64,
}

impl Row<'_> {
    fn agrees(&self) -> bool {
        (self.measured - self.metric.value).abs() <= self.metric.within
    }
}

impl std::fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, metric: Metric { value, within }, measured } = self;
        let verdict = if self.agrees() { "" } else { "  differs" };
        write!(f, "{path:<28} {measured:>10.4} {value:>10.4} {within:>9}{verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_results_can_be_read() {
        let text = fs::read_to_string(crate::root().join(TABLE)).unwrap();
        let records: BTreeMap<String, Record> = toml::from_str(&text).unwrap();
        for (name, record) in records {
            assert!(!record.metrics.is_empty(), "{name} has no metric");
        }
    }

    #[test]
    fn a_metric_agrees_within_its_tolerance() {
        let result = serde_json::json!({"test": {"bleu": {"score": 24.4}}});
        let measured = number(&result, "test.bleu.score").unwrap();
        let row = |value| Row { path: "x", metric: Metric { value, within: 0.1 }, measured };
        assert!(row(24.35).agrees() && !row(24.2).agrees() && !row(24.6).agrees());
        assert_eq!(number(&result, "test.chrf.score"), None);
        assert_eq!(number(&result, "test.bleu"), None);
    }
}
