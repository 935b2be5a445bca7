//! Benchmarks of Crosshead alone, or alternating with a peer on the same machine: `cargo xtask bench`.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo;

const ENCODER: &str = "tests/peers/encoder.py";
const TRANSLATE: &str = "tests/peers/translate.py";

/// The benchmarks and the peer script for each.
const BENCHMARKS: [(&str, &str); 15] = [
    ("train-step", "tests/peers/train_step.py"),
    ("gpt-step", "tests/peers/gpt_step.py"),
    ("encoder-batch", ENCODER),
    ("encoder-batch-int8", ENCODER),
    ("encoder-single", ENCODER),
    ("encoder-single-int8", ENCODER),
    ("translate-single", TRANSLATE),
    ("translate-single-int8", TRANSLATE),
    ("translate-batch", TRANSLATE),
    ("translate-batch-int8", TRANSLATE),
    ("translate-beams", TRANSLATE),
    ("translate-beams-int8", TRANSLATE),
    ("translate-large", TRANSLATE),
    ("translate-large-int8", TRANSLATE),
    ("translate-large-batch-int8", TRANSLATE),
];

/// The benchmark that measures time and memory at increasing length.
const ATTENTION: &str = "attention";
const LENGTHS: [u32; 5] = [512, 1024, 2048, 4096, 8192];

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Benchmarks to run [default: all]
    benchmarks: Vec<String>,
    /// Alternate with the peer of each benchmark, run by `$PYTHON` or `python3`, and print the ratio
    #[arg(long)]
    peers: bool,
    /// Number of alternations with the peer
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Runs the benchmarks and prints a row or two for each.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let known: Vec<&str> = BENCHMARKS.iter().map(|(work, _)| *work).chain([ATTENTION]).collect();
    for work in &args.benchmarks {
        ensure!(
            known.contains(&work.as_str()),
            "unknown benchmark: {work}; available: {}",
            known.join(", ")
        );
    }
    let wanted =
        |work: &str| args.benchmarks.is_empty() || args.benchmarks.iter().any(|name| name == work);
    let build = ["build", "--release", "--workspace", "--example", "bench"];
    cargo::run(build)?;
    let bench = root.join("target/release/examples/bench");
    cargo::execute(Command::new(&bench).arg("machine"))?;
    for (work, script) in BENCHMARKS.into_iter().filter(|(work, _)| wanted(work)) {
        if args.peers {
            compare(work, &bench, &root.join(script), args.rounds)?;
        } else {
            let ours = measure(Command::new(&bench).arg(work))?;
            let (rate, memory) = (number(&ours, "rate")?, number(&ours, "rss_mb")?);
            println!("{work}: {rate:.0} {}, {memory} MB", text(&ours, "unit")?);
        }
    }
    if wanted(ATTENTION) {
        attention(&bench)?;
    }
    Ok(())
}

/// Alternates with the peer and prints `<work>: ours <value> peer <value> <ratio>x`, medians of the rounds.
fn compare(work: &str, bench: &Path, script: &Path, rounds: u32) -> Result<()> {
    let python = env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let mut results = Vec::new();
    for _ in 0..rounds {
        let ours = measure(Command::new(bench).arg(work))?;
        let peer = measure(Command::new(&python).arg(script).arg(work))?;
        results.push((ours, peer));
    }
    let unit = text(&results[0].0, "unit")?;
    let peer = results[0].1["engine"].as_str();
    for (key, what) in [("rate", unit), ("rss_mb", "peak MB")] {
        let pairs = results
            .iter()
            .map(|(ours, peer)| Ok((number(ours, key)?, number(peer, key)?)))
            .collect::<Result<Vec<_>>>()?;
        let median_of = |f: fn(&(f64, f64)) -> f64| median(pairs.iter().map(f).collect());
        let (ours, theirs) = (median_of(|pair| pair.0), median_of(|pair| pair.1));
        let ratio = median_of(|(ours, peer)| ours / peer);
        let name = if key == "rate" { work.to_owned() } else { format!("{work}, {what}") };
        println!("{name}: ours {ours:.0} peer {theirs:.0} {ratio:.2}x");
    }
    println!("  ({unit}; peer {}; medians of {rounds} rounds)", peer.unwrap_or("torch"));
    Ok(())
}

/// Prints time relative to quadratic growth and memory relative to linear growth.
fn attention(bench: &Path) -> Result<()> {
    let mut first = None;
    for len in LENGTHS {
        let result = measure(Command::new(bench).arg(format!("{ATTENTION}-{len}")))?;
        let seconds = number(&result, "seconds")?;
        let memory = number(&result, "rss_mb")? - number(&result, "start_mb")?;
        let (first_seconds, first_memory) = *first.get_or_insert((seconds, memory));
        let growth = f64::from(len) / f64::from(LENGTHS[0]);
        println!(
            "{ATTENTION}, length {len}: {seconds:.4} s, {:.2}x of quadratic; {memory:.0} MB, {:.2}x of linear",
            seconds / first_seconds / growth.powi(2),
            memory / first_memory / growth,
        );
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn number(result: &Value, key: &str) -> Result<f64> {
    result[key].as_f64().with_context(|| format!("the benchmark printed no {key}"))
}

fn text<'a>(result: &'a Value, key: &str) -> Result<&'a str> {
    result[key].as_str().with_context(|| format!("the benchmark printed no {key}"))
}

/// The JSON object that a program prints on its last line.
fn measure(command: &mut Command) -> Result<Value> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().context("the benchmark printed nothing")?;
    Ok(serde_json::from_str(line)?)
}
