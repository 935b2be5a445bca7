//! Benchmarks: ours alone, or in turn with PyTorch on the same machine.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo;

/// Each work and the script that does the same in PyTorch.
const WORKS: [(&str, &str); 4] = [
    ("train-step", "tests/peers/train_step.py"),
    ("gpt-step", "tests/peers/gpt_step.py"),
    ("encoder-batch", "tests/peers/encoder.py"),
    ("encoder-single", "tests/peers/encoder.py"),
];

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Runs each work in PyTorch too, by `$PYTHON` or `python3`, and prints the ratio
    #[arg(long)]
    peers: bool,
}

/// Runs every work and prints a row each.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let build = ["build", "--release", "--package", "crosshead-tests", "--example", "bench"];
    cargo::run(build)?;
    for (work, script) in WORKS {
        let ours = measure(Command::new(root.join("target/release/examples/bench")).arg(work))?;
        if !args.peers {
            println!(
                "{work}: {} {}, {} MB",
                number(&ours, "rate")?,
                ours["unit"],
                number(&ours, "rss_mb")?
            );
            continue;
        }
        let python = env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
        let peer = measure(Command::new(python).arg(root.join(script)).arg(work))?;
        println!("{}", row(work, &ours, &peer, "rate")?);
        println!("{}", row(&format!("{work}, peak MB"), &ours, &peer, "rss_mb")?);
    }
    Ok(())
}

/// `<work>: ours <figure> peer <figure> <ratio>x`.
fn row(work: &str, ours: &Value, peer: &Value, key: &str) -> Result<String> {
    let (ours, peer) = (number(ours, key)?, number(peer, key)?);
    Ok(format!("{work}: ours {ours:.0} peer {peer:.0} {:.2}x", ours / peer))
}

fn number(figures: &Value, key: &str) -> Result<f64> {
    figures[key].as_f64().with_context(|| format!("the benchmark printed no {key}"))
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
