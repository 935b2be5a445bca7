//! `crosshead inspect`.

use std::path::Path;

use crosshead::models::ModelDirectory;
use crosshead::models::presets::{self, ModelConfig, PRESETS};
use crosshead::models::summary::{Part, Summary};
use serde_json::json;

use crate::args::{Compute, Inspect};
use crate::{device, output};

pub(crate) fn run(args: &Inspect, compute: &Compute) -> anyhow::Result<()> {
    let Some(name) = &args.model else {
        for (name, description) in PRESETS {
            output::line(format_args!("{name:<22}{description}"))?;
        }
        return Ok(());
    };
    let summary = Summary::of(&find(name)?, &device::open(compute.device)?);
    if args.json { output::line(to_json(&summary)) } else { table(&summary) }
}

/// The preset of that name, or the model of that directory.
fn find(name: &str) -> anyhow::Result<ModelConfig> {
    if let Some(preset) = presets::find(name) {
        return Ok(preset);
    }
    if !Path::new(name).exists() {
        let names = PRESETS.map(|(name, _)| name).join(", ");
        anyhow::bail!("there is no preset and no directory {name}; presets are {names}");
    }
    let dir = crosshead::model_directory(Path::new(name))?;
    Ok(ModelDirectory::open(&dir)?.config)
}

fn table(summary: &Summary) -> anyhow::Result<()> {
    let shapes = |part: &Part| {
        let shapes: Vec<String> = part.shapes.iter().map(|shape| format!("{shape:?}")).collect();
        shapes.join(" ")
    };
    let width = summary.parts.iter().map(|part| part.name.len()).max().unwrap_or(0).max(10);
    output::line(format_args!(
        "{:<width$}  {:>13}  {:>9}  shapes",
        "part", "parameters", "memory"
    ))?;
    for part in &summary.parts {
        output::line(format_args!(
            "{:<width$}  {:>13}  {:>9}  {}",
            part.name,
            grouped(part.n_parameters),
            megabytes(4 * part.n_parameters),
            shapes(part)
        ))?;
    }
    output::line(format_args!(
        "{:<width$}  {:>13}  {:>9}",
        "all",
        grouped(summary.n_parameters),
        megabytes(summary.bytes())
    ))?;
    output::line(format_args!(
        "\n{} MFLOP for each token of a text of {} tokens",
        grouped(summary.flops_per_token / 1_000_000),
        grouped(summary.max_len)
    ))
}

fn to_json(summary: &Summary) -> serde_json::Value {
    let parts: Vec<serde_json::Value> = summary
        .parts
        .iter()
        .map(|part| json!({"name": part.name, "parameters": part.n_parameters, "shapes": part.shapes}))
        .collect();
    json!({
        "parameters": summary.n_parameters,
        "bytes": summary.bytes(),
        "flops_per_token": summary.flops_per_token,
        "max_len": summary.max_len,
        "parts": parts,
    })
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// 1234567 as 1,234,567.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
