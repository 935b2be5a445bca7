//! `crosshead inspect`.

use std::path::Path;

use crosshead::models::presets::{self, PRESETS};
use crosshead::models::summary::{Part, Summary};
use crosshead::models::{Head, ModelDirectory, WeightsReport};
use serde_json::json;

use crate::args::{Compute, Inspect};
use crate::models::locate;
use crate::{device, output};

pub(crate) fn run(args: &Inspect, compute: &Compute) -> anyhow::Result<()> {
    let Some(name) = &args.model else {
        for preset in PRESETS {
            output::line(format_args!("{:<23}{}", preset.name, preset.about))?;
        }
        return Ok(());
    };
    let device = device::open(compute.device)?;
    if let Some(preset) = presets::find(name) {
        let summary = Summary::of(&preset.config(), &device);
        return if args.json { output::line(to_json(&summary)) } else { table(&summary) };
    }
    let located = locate(Path::new(name)).map_err(|error| {
        let names = PRESETS.map(|preset| preset.name).join(", ");
        error
            .context(format!("{name} is neither a preset nor a directory; the presets are {names}"))
    })?;
    let dir = crosshead::model_directory(&located)?;
    let found = ModelDirectory::open(&dir)?;
    let weights = found.weights(&dir, &device)?;
    // If the weights do not fit the configuration, the model is not built.
    let summary = weights.is_sound().then(|| Summary::of(&found.config, &device));
    if args.json {
        let mut json = summary.as_ref().map_or_else(|| json!({}), to_json);
        json["family"] = json!(found.family);
        json["head"] = json!(head(found.head));
        json["weights"] = weights_json(&weights);
        return output::line(json);
    }
    if let Some(summary) = &summary {
        table(summary)?;
        output::line("")?;
    }
    output::line(format_args!("family        {}, {}", found.family, head(found.head)))?;
    weights_table(&weights)
}

/// The kind of model, determined by its head.
fn head(head: Head) -> &'static str {
    match head {
        Head::Seq2SeqLm => "encoder-decoder",
        Head::CausalLm => "causal language model",
        Head::MaskedLm => "masked language model",
        Head::SequenceClassifier => "sequence classifier",
        Head::TokenClassifier => "token classifier",
        Head::Encoder => "encoder",
    }
}

/// The tensors that are loaded and those that are not, one per line.
fn weights_table(weights: &WeightsReport) -> anyhow::Result<()> {
    let files: Vec<String> = weights.files.iter().map(|file| file_name(file)).collect();
    let dtypes: Vec<String> =
        weights.dtypes.iter().map(|(dtype, n)| format!("{n} in {dtype}")).collect();
    output::line(format_args!("files         {}", files.join(", ")))?;
    output::line(format_args!(
        "tensors       {}, {}",
        dtypes.join(", "),
        megabytes(weights.bytes as usize)
    ))?;
    output::line(format_args!("loaded        {}", weights.loaded.len()))?;
    let wrong: Vec<String> =
        weights.wrong.iter().map(|(tensor, reason)| format!("{tensor} {reason}")).collect();
    for (label, tensors) in [
        ("not needed", &weights.ignored),
        ("missing", &weights.missing),
        ("wrong", &wrong),
        ("unexpected", &weights.unexpected),
    ] {
        for tensor in tensors {
            output::line(format_args!("{label:<14}{tensor}"))?;
        }
    }
    Ok(())
}

fn weights_json(weights: &WeightsReport) -> serde_json::Value {
    json!({
        "files": weights.files.iter().map(|file| file_name(file)).collect::<Vec<_>>(),
        "bytes": weights.bytes,
        "dtypes": weights.dtypes,
        "loaded": weights.loaded.len(),
        "not_needed": weights.ignored,
        "missing": weights.missing,
        "wrong": weights.wrong,
        "without_place": weights.unexpected,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn table(summary: &Summary) -> anyhow::Result<()> {
    let shapes = |part: &Part| {
        let shapes: Vec<String> = part.shapes.iter().map(|shape| format!("{shape:?}")).collect();
        shapes.join(" ")
    };
    let width = summary.parts.iter().map(|part| part.name.len()).max().unwrap_or(0).max(10);
    output::line(format_args!(
        "{:<width$}  {:>13}  {:>9}  shapes",
        "module", "parameters", "memory"
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
        "total",
        grouped(summary.n_parameters),
        megabytes(summary.bytes())
    ))?;
    output::line(format_args!(
        "\n{} MFLOP per token of a text of {} tokens",
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
