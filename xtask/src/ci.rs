//! Everything that continuous integration checks, in the order of how soon it tells what is wrong.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::{cargo, root, test, tidy};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 7] = [
    ("fmt", || cargo::run(["fmt", "--all", "--check"])),
    ("tidy", || tidy::run(root())),
    ("clippy", || {
        cargo::run(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    }),
    ("test", || test::run(&test::Args::default())),
    ("features", check_without_features),
    ("doc", || cargo::doc(false)),
    ("backends", test::run_backends),
];

/// Runs the steps, stops at the first that fails, and says how long each took.
pub(crate) fn run() -> Result<()> {
    let mut times = Vec::new();
    for (name, step) in STEPS {
        println!("\n==> {name}");
        let start = Instant::now();
        step().with_context(|| format!("step `{name}` failed"))?;
        times.push((name, start.elapsed().as_secs_f64()));
    }
    println!("\nAll steps passed:");
    for (name, seconds) in times {
        println!("{name:>10} {seconds:7.1} s");
    }
    Ok(())
}

/// The lowest and the highest crate that forward `flex` must compile without it.
fn check_without_features() -> Result<()> {
    cargo::run([
        "check",
        "--no-default-features",
        "--package",
        "crosshead-attention",
        "--package",
        "crosshead",
    ])
}
