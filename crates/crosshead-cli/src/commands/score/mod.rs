//! `crosshead score`.

mod files;
mod metrics;
mod results;
mod tables;
mod worst;

use anyhow::bail;
use crosshead::metrics::{Metric, Segment};
use serde_json::{Map, Value, json};

use crate::args::{Format, Score};
use crate::output;
use files::Corpus;
use results::Results;

pub(crate) fn run(args: &Score) -> anyhow::Result<()> {
    check(args)?;
    let metrics = metrics::of(args)?;
    let corpus = Corpus::read(args)?;
    if args.sentence {
        return sentences(args, &metrics, &corpus);
    }
    let results = Results::new(args, &metrics, &corpus)?;
    let worst = args.worst.map(|count| worst::find(args, &corpus, count as usize)).transpose()?;
    let decimals = args.width.unwrap_or(1).into();
    match args.format {
        Format::Json => {
            let mut object = results.to_json();
            if let Some(worst) = worst {
                object["worst"] = worst.to_json(&corpus);
            }
            output::line(serde_json::to_string_pretty(&object)?)
        }
        Format::Latex => output::line(tables::latex(&results, decimals)),
        Format::Text => {
            output::line(tables::text(&results, decimals))?;
            worst.map_or(Ok(()), |worst| output::line(worst.to_text(&corpus, decimals)))
        }
    }
}

/// Refuses options that contradict each other or would have no effect.
fn check(args: &Score) -> anyhow::Result<()> {
    if let Some((option, metric)) = args.without_metric() {
        bail!("{option} has no effect without the metric {metric}; add it to --metrics");
    }
    let significance = &args.significance;
    let paired = significance.paired_bs || significance.paired_ar;
    let bootstrap = significance.confidence || significance.paired_bs;
    let unused = [
        (
            "--resamples",
            significance.resamples.is_some() && !bootstrap,
            "--confidence or --paired-bs",
        ),
        ("--trials", significance.trials.is_some() && !significance.paired_ar, "--paired-ar"),
        (
            "--seed",
            significance.seed.is_some() && !bootstrap && !paired,
            "--confidence, --paired-bs or --paired-ar",
        ),
    ];
    if let Some((option, _, needed)) = unused.into_iter().find(|(_, is_unused, _)| *is_unused) {
        bail!("{option} has no effect without {needed}");
    }
    if args.format == Format::Json && args.width.is_some() {
        bail!("--width has no effect with --format json, which has all decimals");
    }
    if paired && args.systems.len() == 1 {
        bail!("a paired test compares systems: pass the files of at least two");
    }
    if args.worst.is_some() && args.systems.len() > 2 {
        bail!("--worst shows the segments of one system, or compares two");
    }
    if args.worst.is_some() && args.format == Format::Latex {
        bail!("--worst needs --format text or json");
    }
    if !args.sentence {
        return Ok(());
    }
    if args.systems.len() > 1 {
        bail!("--sentence scores the segments of one system: pass one file");
    }
    let conflicts = [
        ("--confidence", significance.confidence),
        ("--worst", args.worst.is_some()),
        ("--format latex", args.format == Format::Latex),
    ];
    match conflicts.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => bail!("{option} does not apply to --sentence"),
        None => Ok(()),
    }
}

/// Prints the scores of each segment of the only system.
fn sentences(args: &Score, metrics: &[Box<dyn Metric>], corpus: &Corpus) -> anyhow::Result<()> {
    let references = corpus.references()?;
    let decimals = args.width.unwrap_or(1).into();
    for (index, hypothesis) in corpus.systems[0].segments.iter().enumerate() {
        let segment = Segment { hypothesis, references: references.of(index).to_vec() };
        let scores = metrics.iter().map(|metric| metric.value(&metric.statistics(&segment)));
        if args.format == Format::Json {
            let mut object = Map::from_iter([("line".to_owned(), json!(index + 1))]);
            let names = metrics.iter().map(|metric| metric.name());
            object.extend(names.zip(scores.map(Value::from)));
            output::line(Value::Object(object))?;
        } else {
            let scores: Vec<String> = scores.map(|score| format!("{score:.decimals$}")).collect();
            output::line(scores.join("\t"))?;
        }
    }
    Ok(())
}
